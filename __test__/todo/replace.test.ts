import type * as Fs from "node:fs";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { replaceFile, restore } from "../../src/todo/replace.js";
import { temporaryFolder } from "../native/temporary.js";

/** What happens right before each of the calls that put the file in place. */
const before = { link: () => undefined as unknown, rename: () => undefined as unknown };

vi.mock("node:fs", async (original) => {
  const fs = await original<typeof Fs>();
  return {
    ...fs,
    linkSync: (from: string, to: string) => {
      before.link();
      fs.linkSync(from, to);
    },
    renameSync: (from: string, to: string) => {
      before.rename();
      fs.renameSync(from, to);
    },
  };
});

afterEach(() => {
  before.link = before.rename = () => undefined;
});

function file(content?: string) {
  const folder = temporaryFolder(content === undefined ? {} : { "todo.md": content });
  const path = join(folder, "todo.md");
  return { path, left: () => [readFileSync(path, "utf8"), ...readdirSync(folder)] };
}

describe("a file is replaced", () => {
  it("when it is what was read, or is not there, as was read", async () => {
    const old = file("old");
    expect(await replaceFile(old.path, "new", "old")).toEqual({ kind: "replaced" });
    expect(old.left()).toEqual(["new", "todo.md"]);
    const none = file();
    expect(await replaceFile(none.path, "new", undefined)).toEqual({ kind: "replaced" });
    expect(none.left()).toEqual(["new", "todo.md"]);
  });

  it("and left alone when it is something else", async () => {
    for (const expected of ["old", undefined]) {
      const { path, left } = file("edited");
      expect(await replaceFile(path, "new", expected)).toEqual({ kind: "changed" });
      expect(left()).toEqual(["edited", "todo.md"]);
    }
  });

  it("and left alone when somebody makes it at the last moment", async () => {
    const { path, left } = file();
    before.link = () => writeFileSync(path, "edited");
    expect(await replaceFile(path, "new", undefined)).toEqual({ kind: "changed" });
    expect(left()).toEqual(["edited", "todo.md"]);
  });

  it("and what is written into it at the last moment comes back to the caller", async () => {
    const { path, left } = file("old");
    before.rename = () => writeFileSync(path, "edited");
    expect(await replaceFile(path, "new", "old")).toEqual({ kind: "replaced", lost: "edited" });
    expect(left()).toEqual(["new", "todo.md"]);
  });

  it("and what takes its place at the last moment stays, whatever was there before", async () => {
    for (const [inPlace, lost] of [
      ["old", undefined],
      ["edited", "edited"],
    ] as const) {
      const { path, left } = file("old");
      before.rename = () => writeFileSync(path, inPlace);
      before.link = () => writeFileSync(path, "second");
      expect(await replaceFile(path, "new", "old")).toEqual({ kind: "changed", ...(lost && { lost }) });
      expect(left()).toEqual(["second", "todo.md"]);
    }
  });

  it("and comes back after a crash in between", () => {
    const { path, left } = file();
    writeFileSync(`${path}.123.old`, "edited");
    restore(path);
    expect(left()).toEqual(["edited", "todo.md"]);
    writeFileSync(`${path}.123.old`, "older");
    restore(path);
    expect(readFileSync(path, "utf8")).toBe("edited");
  });

  it("also where the file system has no links", async () => {
    before.link = () => {
      throw Object.assign(new Error("no links"), { code: "EPERM" });
    };
    for (const content of ["old", undefined]) {
      const { path, left } = file(content);
      expect(await replaceFile(path, "new", content)).toEqual({ kind: "replaced" });
      expect(left()).toEqual(["new", "todo.md"]);
    }
  });
});
