import { createSearch } from "../../../src/isolation/index.js";

// node holder.js <folder> <isolation> [wait]: searches, says on standard output how it went, and waits to be killed or
// ends by itself.
const [folder = "", isolation, wait] = process.argv.slice(2);
const events: unknown[] = [];
const note = (event: string, fields: unknown) => void events.push({ event, ...(fields as object) });
const search = createSearch({
  isolation: isolation === "process" ? "process" : "none",
  log: { info: note, warn: note, error: note },
  onFallback: ({ code }) => note("fallback", { code }),
});
const say = (value: unknown) => process.stdout.write(`${JSON.stringify(value)}\n`);
try {
  const { total } = await search.grep({ path: folder, pattern: "needle" });
  say({ total, events });
} catch (error) {
  say({ error: String(error), code: (error as { code?: string }).code, events });
}
if (wait === "busy") void search.grep({ path: folder, pattern: "\\w", maxMatches: 1 });
if (wait !== undefined) setInterval(() => undefined, 1_000);
