import { execFileSync } from "node:child_process";
import { chmodSync, closeSync, mkdirSync, openSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, it } from "vitest";
import { compare } from "./compare.js";
import { DiskTree } from "./disk-tree.js";
import type { GlobQuery, GrepQuery } from "./generate/queries.js";
import { everyFile, plainGrep } from "./probes.js";
import { openSubject } from "./subject.js";

/** What generated trees have not: sizes, kinds of files and rights that are dear or rare. */
const subjects = [false, true].map((index) => openSubject({ index }));
afterAll(() => Promise.all(subjects.map((subject) => subject.close())));

const emptyTree = () => new DiskTree({ isLarge: true, globalIgnore: "", entries: [] });

/** Asks each question of the walk and of the index, before and after the index is there. */
async function compareAll(queries: readonly (GrepQuery | GlobQuery)[], root: string): Promise<void> {
  for (const query of queries) await compare(query, root, subjects);
  for (const subject of subjects) await subject.ready(root);
  for (const query of queries) await compare(query, root, subjects);
}

describe("search equals ripgrep", () => {
  it("in one file of 200 MB", { timeout: 600_000 }, async () => {
    using disk = emptyTree();
    const block = Buffer.from("some words that are in every line, and 42\n".repeat(25_000));
    const file = openSync(join(disk.root, "large.txt"), "w");
    for (let written = 0; written < 200_000_000; written += block.length) {
      writeSync(file, block);
      if (written % 40 === 0) writeSync(file, `needle at ${written}\n`);
    }
    closeSync(file);
    await compareAll(
      [
        plainGrep("needle at \\d+"),
        plainGrep("NEEDLE", { case: "insensitive", before: 1, after: 1 }),
        plainGrep("needle at \\d*7\\d+$", { mode: "counts" }),
        plainGrep("needle", { mode: "files", countUpTo: 1 }),
        plainGrep("nowhere in it"),
      ],
      disk.root,
    );
  });

  it("in one line of 5 MB", { timeout: 600_000 }, async () => {
    using disk = emptyTree();
    disk.write(["line.js"], `${"var a=1;".repeat(300_000)}needle${"var b=2;".repeat(325_000)}`);
    disk.write(["other.js"], "needle\n");
    await compareAll(
      [
        plainGrep("needle"),
        plainGrep("needle", { word: true, maxLineBytes: 50 }),
        plainGrep("a=1;needlevar"),
        plainGrep("=1;needle.*2;$", { mode: "counts" }),
        plainGrep("^needle"),
        plainGrep("2;\\z", { multiline: true }),
        plainGrep("b=2", { maxMatches: 10 }),
      ],
      disk.root,
    );
  });

  it("where matches cross the borders of blocks", { timeout: 600_000 }, async () => {
    using disk = emptyTree();
    for (const size of [1 << 15, 1 << 16, 1 << 20]) {
      for (const shift of [-6, -3, -1, 0, 1]) {
        const filler = `${"~".repeat(97)}\n`.repeat(Math.ceil(size / 98)).slice(0, size + shift - 1);
        disk.write([`${size}${shift}.txt`], `${filler}\nneedle and thread\nlast`);
        disk.write([`${size}${shift}.one`], `${filler.replaceAll("\n", " ")} needle and thread\nlast`);
      }
    }
    const across = "needle\\s+and thread\\nlast";
    await compareAll(
      [
        plainGrep("needle and thread"),
        plainGrep("thread\\b"),
        plainGrep(across, { multiline: true }),
        plainGrep("^needle"),
      ],
      disk.root,
    );
  });

  it("among pipes, sockets' like and folders without files", async () => {
    using disk = emptyTree();
    disk.write(["a.txt"], "needle\n");
    mkdirSync(join(disk.root, "empty", "deep"), { recursive: true });
    if (process.platform !== "win32") execFileSync("mkfifo", [join(disk.root, "pipe.txt")]);
    await compareAll([plainGrep("needle"), everyFile], disk.root);
  });

  it.skipIf(process.platform === "win32")("where files and folders may not be read", async () => {
    using disk = emptyTree();
    for (const path of [["open", "a.txt"], ["closed", "b.txt"], ["c.txt"], ["listed", "d.txt"]])
      disk.write(path, "needle\n");
    const modes = { closed: 0o000, "c.txt": 0o000, listed: 0o444 };
    const all = [plainGrep("needle"), everyFile];
    for (const [name, mode] of Object.entries(modes)) chmodSync(join(disk.root, name), mode);
    for (const folder of [disk.root, join(disk.root, "..")]) chmodSync(folder, 0o755);
    try {
      await asOrdinaryUser(() => compareAll(all, disk.root));
    } finally {
      for (const name of Object.keys(modes)) chmodSync(join(disk.root, name), 0o755);
    }
    // What has become readable is found, and nobody wrote to it.
    await compareAll(all, disk.root);
  });

  it("in a folder that goes and comes back while it is the root", async () => {
    using disk = emptyTree();
    disk.write(["project", "a.txt"], "needle\n");
    const root = join(disk.root, "project");
    await compareAll([plainGrep("needle"), everyFile], root);
    rmSync(root, { recursive: true });
    for (const query of [plainGrep("needle"), everyFile]) await compare(query, root, subjects);
    mkdirSync(root);
    writeFileSync(join(root, "b.txt"), "needle\nneedle\n");
    await compareAll([plainGrep("needle"), everyFile], root);
  });
});

/** The super user may read everyFile; so it is laid down meanwhile, for the addon's threads too. */
async function asOrdinaryUser(work: () => Promise<void>): Promise<void> {
  const isSuper = process.getuid?.() === 0;
  if (isSuper) process.seteuid?.(65_534);
  try {
    await work();
  } finally {
    if (isSuper) process.seteuid?.(0);
  }
}
