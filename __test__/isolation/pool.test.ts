import { describe, expect, it } from "vitest";
import { failureOf, temporaryFolder } from "../native/temporary.js";
import { builtPrograms } from "./built.js";
import { isAlive, isolated, signal, until } from "./isolated.js";

const built = builtPrograms();
const tree = () => temporaryFolder({ "a.ts": "log(1); // needle\n", "sub/b.ts": "needle" });
const grep = (path: string) => ({ path, pattern: "needle" });

describe("helpers", () => {
  it("answer 50 calls at once, of which each gets its own answer", async () => {
    const { search, pids } = isolated(built);
    const path = temporaryFolder(
      Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`f${index}.txt`, `word${index}end`])),
    );
    const found = await Promise.all(
      Array.from({ length: 50 }, (_, index) => search.grep({ path, pattern: `word${index}end` })),
    );
    expect(found.map(({ matches }) => matches.map((match) => match.path))).toEqual(
      Array.from({ length: 50 }, (_, index) => [`f${index}.txt`]),
    );
    expect(pids.length).toBeLessThanOrEqual(4);
  });

  it("are one while one is enough, for several folders too", async () => {
    const { search, pids } = isolated(built);
    for (const path of [tree(), tree(), tree()]) await search.grep(grep(path));
    expect(pids.length).toBe(1);
  });

  it("end when they have had nothing to do, and start again for the next call", async () => {
    const { search, pids, events } = isolated(built, { limits: { idleMs: 20 } });
    const path = tree();
    await search.grep(grep(path));
    await until(() => !isAlive(pids[0] as number));
    expect((await search.grep(grep(path))).total).toBe(2);
    expect(pids.length).toBe(2);
    // To end for want of work is no failure.
    expect(events.map(({ event }) => event)).toEqual(["helper.started", "helper.started"]);
  });

  it("stay for a preview that can still be applied, but not for ever", async () => {
    const { search, pids } = isolated(built, { limits: { idleMs: 20, previewMs: 400 } });
    const path = tree();
    const rewrite = () => search.astRewrite({ path, pattern: "log($A)", replacement: "say($A)" });
    const preview = await rewrite();
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(await preview.apply()).toBe(1);
    // It was applied: nothing is held any more.
    await until(() => !isAlive(pids[0] as number));
    const late = await search.astRewrite({ path, pattern: "say($A)", replacement: "log($A)" });
    await until(() => !isAlive(pids[1] as number));
    expect(await failureOf(late.apply())).toMatchObject({ code: "ERR_PREVIEW_GONE" });
  });

  it("are all gone after close, and calls fail with ERR_CLOSED", async () => {
    const { search, pids } = isolated(built);
    const path = tree();
    await search.grep(grep(path));
    const underWay = failureOf(search.grep({ path, pattern: "\\w" }));
    await search.close();
    expect(pids.filter(isAlive)).toEqual([]);
    expect(await underWay).toMatchObject({ code: "ERR_CLOSED" });
    expect(await failureOf(search.grep(grep(path)))).toMatchObject({ code: "ERR_CLOSED" });
    await search.close();
  });
});

describe.skipIf(process.platform === "win32")("a busy helper", () => {
  it("is relieved by a further one, and stays the one that its folder goes to", async () => {
    const { search, pids } = isolated(built, { limits: { callsPerHelper: 1 } });
    const path = tree();
    await search.grep(grep(path));
    signal(pids[0], "SIGSTOP");
    const first = search.grep(grep(path));
    expect((await search.grep(grep(path))).total).toBe(2);
    expect(pids.length).toBe(2);
    signal(pids[0], "SIGCONT");
    await first;
    // Were it not answered by the first one, this would hang: the second is stopped now.
    signal(pids[1], "SIGSTOP");
    expect((await search.grep(grep(path))).total).toBe(2);
    expect((await search.outline(`${path}/a.ts`)).length).toBe(0);
    expect(pids.length).toBe(2);
  });

  it("fills the queue, and a call too many is refused with ERR_BUSY", async () => {
    const { search, pids } = isolated(built, { limits: { helpers: 1, callsPerHelper: 1, waiting: 2 } });
    const path = tree();
    await search.grep(grep(path));
    signal(pids[0], "SIGSTOP");
    const taken = [1, 2, 3].map(() => search.grep(grep(path)));
    expect(await failureOf(search.grep(grep(path)))).toMatchObject({
      code: "ERR_BUSY",
      details: { waiting: 2 },
    });
    signal(pids[0], "SIGCONT");
    expect((await Promise.all(taken)).map(({ total }) => total)).toEqual([2, 2, 2]);
    expect((await search.grep(grep(path))).total).toBe(2);
    expect(pids.length).toBe(1);
  });
});
