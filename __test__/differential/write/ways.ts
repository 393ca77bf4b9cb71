import {
  appendFileSync,
  closeSync,
  ftruncateSync,
  linkSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";

/** The files of one writer: what is in them now, by path below its folder. */
export class OwnFiles {
  readonly folder: string;
  readonly #aside: string;
  readonly #content = new Map<string, string>();
  readonly #secondNames = new Map<string, string>();
  #serial = 0;

  /** @param aside a folder on the same file system that is not searched */
  constructor(folder: string, aside: string) {
    this.folder = folder;
    this.#aside = aside;
    mkdirSync(folder, { recursive: true });
    mkdirSync(aside, { recursive: true });
  }

  /** Path and content of each file that a search sees. */
  get content(): ReadonlyMap<string, string> {
    return this.#content;
  }

  get paths(): string[] {
    return [...this.#content.keys()];
  }

  fresh(): string {
    return join(this.#aside, String(this.#serial++));
  }

  absolute(path: string): string {
    return join(this.folder, path);
  }

  /** The name elsewhere of what is at the path, if it has one. */
  secondName(path: string): string | undefined {
    const name = this.#secondNames.get(path);
    const file = statSync(this.absolute(path), { throwIfNoEntry: false });
    return name !== undefined && file?.ino === statSync(name).ino ? name : undefined;
  }

  addSecondName(path: string, name: string): void {
    this.#secondNames.set(path, name);
  }

  set(path: string, content: string): void {
    this.#content.set(path, content);
  }

  delete(path: string): void {
    this.#content.delete(path);
  }

  below(folder: string): string[] {
    return this.paths.filter((path) => path.startsWith(`${folder}/`));
  }
}

/** A way in which a text comes to stand in a file. It returns when its last system call has, and not before. */
type Way = (files: OwnFiles, path: string, text: string) => void;

const write: Way = (files, path, text) => {
  mkdirSync(dirname(files.absolute(path)), { recursive: true });
  writeFileSync(files.absolute(path), text);
  files.set(path, text);
};

const existing =
  (way: Way): Way =>
  (files, path, text) => {
    if (!files.content.has(path)) write(files, path, text.replaceAll(/\d/g, "0"));
    way(files, path, text);
  };

export const WAYS: Readonly<Record<string, Way>> = {
  write,
  append: existing((files, path, text) => {
    appendFileSync(files.absolute(path), text);
    files.set(path, (files.content.get(path) ?? "") + text);
  }),
  "save beside and rename over": existing((files, path, text) => {
    const beside = `${files.absolute(path)}~`;
    writeFileSync(beside, text);
    renameSync(beside, files.absolute(path));
    files.set(path, text);
  }),
  "move in from elsewhere": existing((files, path, text) => {
    const elsewhere = files.fresh();
    writeFileSync(elsewhere, text);
    renameSync(elsewhere, files.absolute(path));
    files.set(path, text);
  }),
  // The name is there before the file is read: one that comes later is not heard of (docs/SEARCH_INDEX.md).
  "through a second name elsewhere": (files, path, text) => {
    const known = files.secondName(path);
    if (known) writeFileSync(known, text);
    else {
      const name = files.fresh();
      writeFileSync(name, text);
      mkdirSync(dirname(files.absolute(path)), { recursive: true });
      rmSync(files.absolute(path), { force: true });
      linkSync(name, files.absolute(path));
      files.addSecondName(path, name);
    }
    files.set(path, text);
  },
  "through a descriptor, in pieces": existing((files, path, text) => {
    const descriptor = openSync(files.absolute(path), "r+");
    ftruncateSync(descriptor);
    writeSync(descriptor, text.slice(0, 3));
    writeSync(descriptor, text.slice(3));
    closeSync(descriptor);
    files.set(path, text);
  }),
  "the same size, and the old times put back": existing((files, path, text) => {
    const absolute = files.absolute(path);
    writeFileSync(absolute, text.replaceAll(/\d/g, "0"));
    const { atime, mtime } = statSync(absolute);
    writeFileSync(absolute, text);
    utimesSync(absolute, atime, mtime);
    files.set(path, text);
  }),
  "twice within a tick": (files, path, text) => {
    write(files, path, text.replaceAll(/\d/g, "0"));
    write(files, path, text);
  },
  "delete and write": existing((files, path, text) => {
    rmSync(files.absolute(path));
    write(files, path, text);
  }),
  "rename the file": existing((files, path, text) => {
    const to = `${dirname(path)}/renamed-${files.paths.length}`;
    write(files, path, text);
    renameSync(files.absolute(path), files.absolute(to));
    files.delete(path);
    files.set(to, text);
  }),
  "delete the file": existing((files, path) => {
    rmSync(files.absolute(path));
    files.delete(path);
  }),
  "delete the folder": existing((files, path, text) => {
    const folder = dirname(path);
    rmSync(files.absolute(folder), { recursive: true });
    for (const gone of files.below(folder)) files.delete(gone);
    write(files, "left/behind", text);
  }),
  "rename the folder, and write into it at once": existing((files, path, text) => {
    const [from, to] = [dirname(path), `${dirname(path)}-moved`];
    rmSync(files.absolute(to), { recursive: true, force: true });
    for (const gone of files.below(to)) files.delete(gone);
    renameSync(files.absolute(from), files.absolute(to));
    for (const moved of files.below(from)) {
      files.set(to + moved.slice(from.length), files.content.get(moved) ?? "");
      files.delete(moved);
    }
    write(files, `${to}/${path.slice(from.length + 1)}`, text);
  }),
  "a folder of folders from elsewhere": (files, path, text) => {
    const elsewhere = files.fresh();
    mkdirSync(join(elsewhere, "one", "two"), { recursive: true });
    writeFileSync(join(elsewhere, "one", "two", "in.txt"), text);
    const folder = `${dirname(path)}/came-${files.paths.length}`;
    mkdirSync(dirname(files.absolute(folder)), { recursive: true });
    rmSync(files.absolute(folder), { recursive: true, force: true });
    for (const gone of files.below(folder)) files.delete(gone);
    renameSync(elsewhere, files.absolute(folder));
    files.set(`${folder}/one/two/in.txt`, text);
  },
  "a file becomes a folder": existing((files, path, text) => {
    rmSync(files.absolute(path));
    files.delete(path);
    write(files, `${path}/inside`, text);
    rmSync(files.absolute(path), { recursive: true });
    files.delete(`${path}/inside`);
    write(files, path, text);
  }),
};
