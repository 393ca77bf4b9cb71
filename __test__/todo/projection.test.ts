import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { systemClock } from "../../src/node/index.js";
import { FileProjection } from "../../src/todo/index.js";
import { temporaryFolder } from "../native/temporary.js";
import { keptLog } from "../unit/records.js";

describe("a file projection", () => {
  const projection = (render: (found: string | undefined) => string) => {
    const folder = temporaryFolder();
    const path = join(folder, "deep", "todo.md");
    const log = keptLog();
    return {
      folder: join(folder, "deep"),
      path,
      log,
      file: new FileProjection(path, { clock: systemClock, log, bring: async (found) => render(found) }),
    };
  };

  it("writes a burst of changes once, with the last state, and leaves nothing else behind", async () => {
    let state = 0;
    let renders = 0;
    const { folder, path, file, log } = projection(() => {
      renders++;
      return `state ${state}`;
    });
    for (; state < 100; state++) file.refresh();
    await file.settled();
    expect(readFileSync(path, "utf8")).toBe("state 100");
    expect(renders).toBe(1);
    expect(readdirSync(folder)).toEqual(["todo.md"]);
    expect(log.lines).toEqual([]);
  });

  it("shows the last of the changes that come while it writes", async () => {
    let state = 0;
    const { path, file } = projection(() => {
      // A change in the middle of a write.
      if (state < 5)
        setImmediate(() => {
          state++;
          file.refresh();
        });
      return `state ${state}`;
    });
    file.refresh();
    await expect.poll(() => state).toBe(5);
    await file.settled();
    expect(readFileSync(path, "utf8")).toBe("state 5");
  });

  it("is never seen half written", async () => {
    let state = 0;
    const { path, file } = projection(() => `${state}`.repeat(200_000));
    file.refresh();
    await file.settled();
    for (state = 1; state < 10; state++) {
      file.refresh();
      for (let look = 0; look < 20; look++) {
        const text = readFileSync(path, "utf8");
        expect([text.length, new Set(text).size]).toEqual([200_000, 1]);
        await new Promise((resolve) => setImmediate(resolve));
      }
      await file.settled();
    }
  });

  it("logs a failure, throws nothing, and writes again at the next change", async () => {
    let fails = true;
    const { folder, path, file, log } = projection(() => {
      if (fails) throw new Error("no such mission");
      return "fine";
    });
    file.refresh();
    await file.settled();
    expect(log.lines).toEqual([["warn", "todo.write", { path, error: "Error: no such mission" }]]);
    expect(existsSync(folder)).toBe(false);
    fails = false;
    file.refresh();
    await file.settled();
    expect(readFileSync(path, "utf8")).toBe("fine");
  });

  it("reads what somebody wrote before it writes, also what comes while it works, and writes over neither", async () => {
    const seen: (string | undefined)[] = [];
    const { path, folder, file } = projection((found) => {
      seen.push(found);
      if (seen.length === 2) writeFileSync(path, "second");
      if (seen.length === 3) {
        writeFileSync(join(folder, "mine"), "third");
        renameSync(join(folder, "mine"), path);
      }
      return `after ${found}`;
    });
    file.refresh();
    await file.settled();
    writeFileSync(path, "first");
    file.look();
    await file.settled();
    expect(seen).toEqual([undefined, "first", "second", "third"]);
    expect(readFileSync(path, "utf8")).toBe("after third");
    file.look();
    await file.settled();
    expect(seen.length).toBe(4);
    expect(readdirSync(folder)).toEqual(["todo.md"]);
  });

  it("waits for an editor that writes the file in parts", async () => {
    const seen: (string | undefined)[] = [];
    const { path, file } = projection((found) => {
      seen.push(found);
      return "ours";
    });
    file.refresh();
    await file.settled();
    writeFileSync(path, "");
    file.look();
    await new Promise((resolve) => setTimeout(resolve, 5));
    writeFileSync(path, "the whole");
    await file.settled();
    expect(seen).toEqual([undefined, "the whole"]);
  });

  it("leaves a file alone that is not UTF-8, and goes on when it can be read", async () => {
    const { path, file, log } = projection((found) => `after ${found}`);
    file.refresh();
    await file.settled();
    const bytes = Buffer.from([0xff, 0xfe, 0x2d, 0x00]);
    writeFileSync(path, bytes);
    file.look();
    await file.settled();
    expect(readFileSync(path)).toEqual(bytes);
    expect(log.lines).toEqual([["warn", "todo.write", { path, error: `Error: ${path} is not UTF-8` }]]);
    writeFileSync(path, "\ufeffagain");
    file.look();
    await file.settled();
    expect(readFileSync(path, "utf8")).toBe("after \ufeffagain");
  });

  it("takes away its temporary file when it cannot put it in place", async () => {
    const { folder, path, file, log } = projection(() => "text");
    mkdirSync(path, { recursive: true });
    file.refresh();
    await file.settled();
    expect(log.lines.map(([, event]) => event)).toEqual(["todo.write"]);
    expect(readdirSync(folder)).toEqual(["todo.md"]);
  });
});
