import {
  closeSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeGlobalIgnore } from "./environment.js";
import { render } from "./generate/content.js";
import { bytesOfName, isText, nameOfBytes, type Path } from "./generate/names.js";
import type { Target } from "./generate/queries.js";
import type { Entry, Tree } from "./generate/trees.js";
import { ifPossible } from "./if-possible.js";

/** What a tree holds now, in byte order. `.git` and what is in it is left out. */
export interface Listing {
  readonly folders: readonly Path[];
  readonly files: readonly Path[];
  readonly links: readonly Path[];
}

/** A generated tree in the file system, in a folder of its own beside which things can be put `aside`. */
export class DiskTree implements Disposable {
  readonly root: string;
  readonly aside: string;
  readonly #base: string;
  /** Of some of its files. */
  readonly #descriptors: number[] = [];
  readonly #movedOut: { readonly from: Buffer; readonly to: string }[] = [];
  #serial = 0;

  constructor(tree: Tree) {
    this.#base = mkdtempSync(join(realpathSync(tmpdir()), "differential-tree-"));
    this.root = join(this.#base, "root");
    this.aside = join(this.#base, "aside");
    mkdirSync(this.root);
    mkdirSync(this.aside);
    writeGlobalIgnore(tree.globalIgnore);
    for (const entry of tree.entries) this.make(entry);
    for (const [at, path] of this.listing().files.entries()) {
      if (at % 4 === 1) linkSync(this.absolute(path), this.fresh());
      if (at % 4 === 3) this.#descriptors.push(openSync(this.absolute(path), "r+"));
    }
  }

  [Symbol.dispose](): void {
    for (const descriptor of this.#descriptors) closeSync(descriptor);
    rmSync(this.#base, { recursive: true, force: true });
  }

  /** A path that is not in use, outside of the tree and on the same file system. */
  fresh(): string {
    return join(this.aside, String(this.#serial++));
  }

  /** A descriptor of a file that was in the tree at the beginning; one that is of no use where it had too few. */
  descriptor(pick: number): number {
    if (this.#descriptors.length === 0) this.#descriptors.push(openSync(this.fresh(), "w+"));
    return this.#descriptors[pick % this.#descriptors.length] ?? 0;
  }

  moveOut(folder: Buffer): void {
    const to = this.fresh();
    renameSync(folder, to);
    this.#movedOut.push({ from: folder, to });
  }

  /** Puts the folder back that was moved out last. */
  moveBack(): void {
    const last = this.#movedOut.pop();
    if (last) renameSync(last.to, last.from);
  }

  absolute(path: Path): Buffer {
    const parts = path.flatMap((name) => [Buffer.from("/"), bytesOfName(name)]);
    return Buffer.concat([Buffer.from(this.root), ...parts]);
  }

  make(entry: Entry): void {
    ifPossible(() => {
      switch (entry.kind) {
        case "file":
          this.write(entry.path, render(entry.content));
          return;
        case "folder":
          mkdirSync(this.absolute(entry.path), { recursive: true });
          return;
        case "link":
          mkdirSync(this.absolute(entry.path.slice(0, -1)), { recursive: true });
          symlinkSync(entry.target, this.absolute(entry.path));
          return;
        case "rules":
          this.write([...entry.folder, entry.name], entry.text);
          return;
        case "git":
          this.#makeRepository(entry);
      }
    });
  }

  /** Writes a file and the folders above it. */
  write(path: Path, content: string | Buffer): void {
    mkdirSync(this.absolute(path.slice(0, -1)), { recursive: true });
    writeFileSync(this.absolute(path), content);
  }

  listing(): Listing {
    const found = { folders: [] as Path[], files: [] as Path[], links: [] as Path[] };
    this.#list([], found);
    return found;
  }

  /** The path that a query names; the root where there is no such thing. */
  resolve({ kind, pick }: Target): string {
    if (kind === "root") return this.root;
    const listing = this.listing();
    const candidates = { folder: listing.folders, file: listing.files, link: listing.links }[kind].filter(
      isText,
    );
    const path = [this.root, ...(candidates[pick % Math.max(1, candidates.length)] ?? [])].join("/");
    return this.#leadsOut(path) ? this.root : path;
  }

  /** Whether a link leads to what other processes change. */
  #leadsOut(path: string): boolean {
    if (!existsSync(path)) return false;
    const real = realpathSync(path);
    return real !== this.root && !real.startsWith(`${this.root}/`);
  }

  #makeRepository(entry: Extract<Entry, { kind: "git" }>): void {
    const marker = [...entry.folder, ".git"];
    if (entry.form === "folder") {
      this.write([...marker, "HEAD"], "ref: refs/heads/main\n");
      this.write([...marker, "info", "exclude"], entry.exclude);
    } else if (entry.form === "stray file") {
      this.write(marker, "not what git writes\n");
    } else {
      const common = this.fresh();
      mkdirSync(join(common, "worktrees", "tree"), { recursive: true });
      mkdirSync(join(common, "info"));
      writeFileSync(join(common, "worktrees", "tree", "commondir"), "../..\n");
      writeFileSync(join(common, "info", "exclude"), entry.exclude);
      this.write(marker, `gitdir: ${join(common, "worktrees", "tree")}\n`);
    }
  }

  #list(folder: Path, found: { folders: Path[]; files: Path[]; links: Path[] }): void {
    const entries = readdirSync(this.absolute(folder), { withFileTypes: true, encoding: "buffer" });
    // The types of Node 20 know no buffer here.
    const named = entries.map((entry) => ({ entry, bytes: entry.name as unknown as Buffer }));
    for (const { entry, bytes } of named.sort((a, b) => a.bytes.compare(b.bytes))) {
      const path = [...folder, nameOfBytes(bytes)];
      if (path.at(-1) === ".git") continue;
      if (entry.isSymbolicLink()) found.links.push(path);
      else if (entry.isFile()) found.files.push(path);
      else if (entry.isDirectory()) {
        found.folders.push(path);
        this.#list(path, found);
      }
    }
  }
}

/** Whether the file begins with the byte order mark of UTF-8. */
export function hasUtf8Mark(path: Buffer): boolean {
  const head = Buffer.alloc(3);
  const file = openSync(path, "r");
  try {
    return readSync(file, head, 0, 3, 0) === 3 && head.equals(Buffer.from([0xef, 0xbb, 0xbf]));
  } finally {
    closeSync(file);
  }
}
