import {
  appendFileSync,
  existsSync,
  ftruncateSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import type { DiskTree } from "./disk-tree.js";
import { writeGlobalIgnore } from "./environment.js";
import { render } from "./generate/content.js";
import type { Mutation } from "./generate/mutations.js";
import type { Path } from "./generate/names.js";
import { ifPossible } from "./if-possible.js";

/** Changes the tree, now: a search that is asked for afterwards has to see it. */
export function mutate(tree: DiskTree, mutation: Mutation): void {
  const operation = operations[mutation.kind] as (tree: DiskTree, mutation: Mutation) => void;
  ifPossible(() => operation(tree, mutation));
}

type Of<Kind extends Mutation["kind"]> = Extract<Mutation, { kind: Kind }>;

const operations: { readonly [Kind in Mutation["kind"]]: (tree: DiskTree, mutation: Of<Kind>) => void } = {
  edit: (tree, { file, content }) => writeFileSync(fileOf(tree, file), render(content)),
  // Without a NUL, as content.ts says.
  append: (tree, { file, content }) =>
    appendFileSync(fileOf(tree, file), render({ ...content, encoding: "utf8", nulAt: [] })),
  "save beside and rename over": (tree, { file, content }) => {
    const path = fileOf(tree, file);
    const beside = Buffer.concat([path, Buffer.from(".tmp")]);
    writeFileSync(beside, render(content));
    renameSync(beside, path);
  },
  "write through descriptor": (tree, { file, content }) => {
    const descriptor = tree.descriptor(file);
    ftruncateSync(descriptor);
    writeSync(descriptor, render(content), null, undefined, 0);
  },
  "edit in secret": (tree, { file }) => editInSecret(fileOf(tree, file)),
  touch: (tree, { file }) => utimesSync(fileOf(tree, file), new Date(), new Date()),
  "delete file": (tree, { file }) => rmSync(fileOf(tree, file)),
  truncate: (tree, { file, size }) => {
    const path = fileOf(tree, file);
    const bytes = readFileSync(path);
    // What is added are NULs, again.
    const isSafe = !bytes.subarray(0, 3).includes("\n") && !bytes.subarray(0, 2).includes(0xff);
    if (size <= bytes.length || isSafe) truncateSync(path, size);
  },
  "rename file": (tree, { file, to }) => rename(tree, fileOf(tree, file), to),
  "swap files": (tree, { file, other }) => {
    const [one, two, aside] = [fileOf(tree, file), fileOf(tree, other), tree.fresh()];
    renameSync(one, aside);
    ifPossible(() => renameSync(two, one));
    renameSync(aside, two);
  },
  "file becomes folder": (tree, { file, inner, content }) => {
    const path = picked(tree.listing().files, file);
    rmSync(tree.absolute(path));
    tree.write([...path, inner], render(content));
  },
  "delete folder": (tree, { folder }) => rmSync(folderOf(tree, folder), { recursive: true }),
  "move folder out": (tree, { folder }) => tree.moveOut(folderOf(tree, folder)),
  "move folder back": (tree) => tree.moveBack(),
  "rename folder": (tree, { folder, to }) => rename(tree, folderOf(tree, folder), to),
  "folder becomes file": (tree, { folder, content }) => {
    const path = folderOf(tree, folder);
    rmSync(path, { recursive: true });
    writeFileSync(path, render(content));
  },
  "new files": (tree, { above, files }) => {
    for (const { name, content } of files) tree.write([...above, name], render(content));
  },
  "retarget link": (tree, { link, target }) => {
    const path = tree.absolute(picked(tree.listing().links, link));
    rmSync(path);
    symlinkSync(target, path);
  },
  "edit rules": (tree, { folder, name, text }) => {
    const path = [...picked([[], ...tree.listing().folders], folder), name];
    if (text === undefined) rmSync(tree.absolute(path));
    else tree.write(path, text);
  },
  "edit exclude": (tree, { text }) => tree.write([".git", "info", "exclude"], text),
  "edit global ignore": (_, { text }) => writeGlobalIgnore(text),
  "toggle repository": (tree) => {
    const marker = tree.absolute([".git"]);
    if (existsSync(marker)) rmSync(marker, { recursive: true });
    else tree.make({ kind: "git", folder: [], form: "folder", exclude: "" });
  },
};

const fileOf = (tree: DiskTree, pick: number) => tree.absolute(picked(tree.listing().files, pick));
const folderOf = (tree: DiskTree, pick: number) => tree.absolute(picked(tree.listing().folders, pick));

/** Where there is nothing to pick from, the name of nothing. */
function picked(from: readonly Path[], pick: number): Path {
  return from[pick % Math.max(1, from.length)] ?? ["none", "such"];
}

function rename(tree: DiskTree, from: Buffer, to: Path): void {
  mkdirSync(tree.absolute(to.slice(0, -1)), { recursive: true });
  renameSync(from, tree.absolute(to));
}

/** Changes case and puts the times back, as a tool does that restores them: size and time say nothing then. */
function editInSecret(file: Buffer): void {
  const { atime, mtime } = statSync(file);
  const bytes = readFileSync(file);
  for (const [at, byte] of bytes.entries()) {
    const letter = byte | 0x20;
    if (letter >= 0x61 && letter <= 0x7a) bytes[at] = byte ^ 0x20;
  }
  writeFileSync(file, bytes);
  utimesSync(file, atime, mtime);
}
