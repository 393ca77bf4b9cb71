import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import { failureOf, temporaryFolder } from "../native/temporary.js";
import { builtPrograms } from "./built.js";
import { isAlive, isolated, signal, until } from "./isolated.js";

const built = builtPrograms();
const tree = () => temporaryFolder({ "a.ts": "log(1); // needle\n" });
const grep = (path: string) => ({ path, pattern: "needle" });

describe.skipIf(process.platform === "win32")("an aborted call", () => {
  it("fails with the signal's reason at once, whatever the helper does", async () => {
    const { search, pids } = isolated(built);
    const path = tree();
    await search.grep(grep(path));
    signal(pids[0], "SIGSTOP");
    const abort = new AbortController();
    const reason = new Error("the user pressed Esc");
    const call = failureOf(search.grep(grep(path), abort.signal));
    await new Promise((resolve) => setImmediate(resolve));
    abort.abort(reason);
    expect(await call).toBe(reason);
    signal(pids[0], "SIGCONT");
    expect((await search.grep(grep(path))).total).toBe(1);
    expect(pids.length).toBe(1);
    expect(getEventListeners(abort.signal, "abort")).toEqual([]);
  });

  it("ends in the helper too: the next one is answered long before its work would be done", async () => {
    const text = "lorem ipsum dolor sit amet, consectetur adipiscing elit\n".repeat(40_000);
    const path = temporaryFolder(
      Object.fromEntries(Array.from({ length: 12 }, (_, index) => [`f${index}.txt`, text])),
    );
    const { search } = isolated(built, { limits: { helpers: 1, callsPerHelper: 1 } });
    // Every letter is a match: seconds of work.
    const long = (abort?: AbortSignal) => search.grep({ path, pattern: "\\w", maxMatches: 1 }, abort);
    const small = () => search.grep({ path: tree(), pattern: "needle" });
    await small();
    const begun = performance.now();
    await long();
    const whole = performance.now() - begun;
    const abort = new AbortController();
    const aborted = failureOf(long(abort.signal));
    setTimeout(() => abort.abort(new Error("enough")), 40);
    expect(await aborted).toEqual(new Error("enough"));
    const abortedAt = performance.now();
    await small();
    expect(performance.now() - abortedAt).toBeLessThan(whole / 2);
  });

  it("does not even start a helper when its signal was aborted before", async () => {
    const { search, pids } = isolated(built);
    const reason = new Error("too late");
    expect(await failureOf(search.grep(grep("/nowhere"), AbortSignal.abort(reason)))).toBe(reason);
    expect(pids).toEqual([]);
  });

  it("gives its place in the queue to the next one", async () => {
    const { search, pids } = isolated(built, { limits: { helpers: 1, callsPerHelper: 1, waiting: 1 } });
    const path = tree();
    await search.grep(grep(path));
    signal(pids[0], "SIGSTOP");
    const first = search.grep(grep(path));
    const abort = new AbortController();
    const second = failureOf(search.grep(grep(path), abort.signal));
    expect(await failureOf(search.grep(grep(path)))).toMatchObject({ code: "ERR_BUSY" });
    abort.abort(new Error("never mind"));
    expect(await second).toEqual(new Error("never mind"));
    const third = search.grep(grep(path));
    signal(pids[0], "SIGCONT");
    expect([(await first).total, (await third).total]).toEqual([1, 1]);
  });

  it("that a hung helper does not answer costs the helper its life, and no other call its answer", async () => {
    const { search, pids } = isolated(built, { hungMs: 30 });
    const path = tree();
    await search.grep(grep(path));
    signal(pids[0], "SIGSTOP");
    const other = search.grep(grep(path));
    const abort = new AbortController();
    const aborted = failureOf(search.grep(grep(path), abort.signal));
    await new Promise((resolve) => setImmediate(resolve));
    abort.abort(new Error("enough"));
    expect(await aborted).toEqual(new Error("enough"));
    expect((await other).total).toBe(1);
    await until(() => !isAlive(pids[0] as number));
    expect(pids.length).toBe(2);
  });
});
