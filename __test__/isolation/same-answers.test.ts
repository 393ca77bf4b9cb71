import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type CodeSearch, NativeError, RewritePreview, Searcher } from "../../src/native/index.js";
import { failureOf, temporaryFolder } from "../native/temporary.js";
import { builtPrograms } from "./built.js";
import { isolated } from "./isolated.js";

const built = builtPrograms();
const here = new Searcher();

const tree = () =>
  temporaryFolder({
    "a.ts": "export class A {\n  m() {}\n}\nlog(1);\nlog(a, b);\n",
    "sub/b.ts": 'const s = "größe 😀"; other(log(4));\n',
    "bad.ts": "const a = ;\n",
    "c.py": "log(5)\n",
    "long.txt": `${"x".repeat(50_000)}needle\u2028\u0000`,
    "latin.txt": Buffer.from([0x6e, 0xe9, 0x65, 0x64, 0x6c, 0x65, 0x0a]),
  });

/** How much had to be read depends on how far an index has come. */
const EFFORT = new Set(["filesSearched", "skippedBinary"]);

/** What an answer holds, whether its parts are made at once or when they are looked at. */
const plain = (answer: unknown): unknown =>
  JSON.parse(JSON.stringify(answer, (name, value: unknown) => (EFFORT.has(name) ? undefined : value)));

type Call = (search: CodeSearch, path: string) => Promise<unknown>;

/** Each page is asked for with the cursor of the one before: a cursor means the same everywhere. */
async function pages(search: CodeSearch, path: string): Promise<unknown> {
  const found = [];
  let cursor: string | undefined;
  do {
    const page = await search.grep({ path, pattern: "log", maxMatches: 1, ...(cursor && { cursor }) });
    found.push(page);
    ({ cursor } = page);
  } while (cursor);
  return found;
}

const CALLS: readonly (readonly [string, Call])[] = [
  ["grep", (search, path) => search.grep({ path, pattern: "log", before: 1, after: 1 })],
  ["grep of bytes that are no text", (search, path) => search.grep({ path, pattern: "n.+dle|e" })],
  [
    "grep with limits",
    (search, path) => search.grep({ path, pattern: "o", maxMatches: 2, maxLineBytes: 20 }),
  ],
  ["grep in pages", pages],
  [
    "grep for files",
    (search, path) => search.grep({ path, pattern: "log", mode: "files", sort: "relevance" }),
  ],
  ["grep for counts", (search, path) => search.grep({ path, pattern: "log", mode: "counts" })],
  ["grep without a match", (search, path) => search.grep({ path, pattern: "nowhere" })],
  ["grep beyond the basic plane", (search, path) => search.grep({ path, pattern: "😀" })],
  ["glob", (search, path) => search.glob({ path, patterns: ["*.ts"], sort: "name", limit: 2 })],
  ["astSearch", (search, path) => search.astSearch({ path, pattern: "log($$$A)" })],
  ["outline", (search, path) => search.outline(join(path, "a.ts"))],
  [
    "syntaxErrors",
    (search, root) => search.syntaxErrors({ root, paths: ["bad.ts", "a.ts", "none.ts", "long.txt"] }),
  ],
  [
    "astRewrite",
    async (search, path) =>
      (await search.astRewrite({ path, pattern: "log($A)", replacement: "say($A)" })).files,
  ],
];

it.each(CALLS)("%s gives what it gives in this process", async (_, call) => {
  const path = tree();
  const { search, pids } = isolated(built);
  expect(plain(await call(search, path))).toEqual(plain(await call(here, path)));
  expect(pids.length).toBe(1);
});

const FAILURES: readonly (readonly [string, Call])[] = [
  ["ERR_PATTERN of grep", (search, path) => search.grep({ path, pattern: "a(b" })],
  ["ERR_PATTERN of glob", (search, path) => search.glob({ path, patterns: ["src/a[b"] })],
  ["ERR_PATTERN of a rule", (search, path) => search.astSearch({ path, rule: "nonsense: [" })],
  ["ERR_NOT_FOUND", (search, path) => search.grep({ path: join(path, "none"), pattern: "x" })],
  ["ERR_LANGUAGE", (search, path) => search.outline(join(path, "long.txt"))],
  [
    "ERR_OUTSIDE_ROOT",
    (search, path) =>
      search.astRewrite({ path, root: join(path, "sub"), pattern: "log($A)", replacement: "say($A)" }),
  ],
];

it.each(FAILURES)("%s is the same error", async (name, call) => {
  const path = tree();
  const { search, events } = isolated(built);
  const [there, expected] = [await failureOf(call(search, path)), await failureOf(call(here, path))];
  expect(there).toBeInstanceOf(NativeError);
  const parts = ({ name, code, message, details }: NativeError) => ({ name, code, message, details });
  expect(parts(there as NativeError)).toEqual(parts(expected as NativeError));
  expect((there as NativeError).code).toBe(name.split(" ")[0]);
  // A refusal is an answer: nothing is tried again for it.
  expect(events.map(({ event }) => event)).toEqual(["helper.started"]);
});

describe("a rewrite", () => {
  const rewrite = (search: CodeSearch, path: string) =>
    search.astRewrite({ path, pattern: "log($A)", replacement: "say($A)", language: "typescript" });

  it("is applied exactly as it was shown", async () => {
    const { search } = isolated(built);
    const path = tree();
    const preview = await rewrite(search, path);
    expect(preview).toBeInstanceOf(RewritePreview);
    expect(readFileSync(join(path, "sub/b.ts"), "utf8")).toContain("log(4)");
    expect(await preview.apply()).toBe(2);
    expect(readFileSync(join(path, "a.ts"), "utf8")).toContain("\nsay(1);\nlog(a, b);");
    expect(readFileSync(join(path, "sub/b.ts"), "utf8")).toContain("say(4)");
    expect(await failureOf(preview.apply())).toMatchObject({ code: "ERR_STALE" });
  });

  it("writes nothing when a file has changed since: ERR_STALE", async () => {
    const { search } = isolated(built);
    const path = tree();
    const preview = await rewrite(search, path);
    writeFileSync(join(path, "sub/b.ts"), "log(9);\n");
    expect(await failureOf(preview.apply())).toMatchObject({
      code: "ERR_STALE",
      details: { paths: [join(path, "sub/b.ts")] },
    });
    expect(readFileSync(join(path, "a.ts"), "utf8")).toContain("log(1)");
  });

  it("gives way to sixteen newer ones, visibly", async () => {
    const { search } = isolated(built);
    const path = tree();
    const first = await rewrite(search, path);
    const others = [];
    for (let more = 0; more < 15; more++) others.push(await rewrite(search, path));
    const last = await rewrite(search, path);
    expect(await failureOf(first.apply())).toMatchObject({
      code: "ERR_PREVIEW_GONE",
      details: { limit: 16 },
    });
    expect(others.length).toBe(15);
    expect(await last.apply()).toBe(2);
  });
});
