import { createHash } from "node:crypto";
import { basename, join } from "node:path";
import * as z from "zod";
import { attempt, type FileSystem, makeFolders, readIfAny, replaceFile } from "./files.js";

/** How many backups of a file are kept. */
const KEPT_BACKUPS = 5;

const recordSchema = z.strictObject({
  path: z.string(),
  /** What the entry came with. */
  insertion: z.strictObject({ before: z.string(), after: z.string(), comma: z.boolean() }),
  /** The file was made for the entry; this is what it held without it. */
  fresh: z.string().optional(),
  /** Folders that were made for the file, the outermost first. */
  folders: z.array(z.string()),
});

/** What an installation made in a file: what its removal takes back. */
export type InstallRecord = z.infer<typeof recordSchema>;

/** The records and backups of edited files, in a folder of their own. */
export class Records {
  readonly #files: FileSystem;
  readonly #folder: string;

  constructor(files: FileSystem, folder: string) {
    this.#files = files;
    this.#folder = folder;
  }

  /**
   * The record of a file. A damaged one counts as none: the entry is then removed without it.
   * @throws InstallError for one that could not be read
   */
  read(path: string): InstallRecord | undefined {
    const bytes = readIfAny(this.#files, this.#fileOf(path));
    if (!bytes) return undefined;
    try {
      const record = recordSchema.parse(JSON.parse(bytes.toString()));
      return record.path === path ? record : undefined;
    } catch {
      return undefined;
    }
  }

  write(record: InstallRecord): void {
    const file = this.#fileOf(record.path);
    makeFolders(this.#files, join(file, ".."), 0o700);
    const bytes = Buffer.from(`${JSON.stringify(record)}\n`);
    replaceFile(this.#files, file, bytes, readIfAny(this.#files, file), 0o600);
  }

  /** Forgets a file; one without a record is forgotten already. */
  remove(path: string): void {
    attempt(() => this.#files.unlinkSync(this.#fileOf(path)));
    attempt(() => this.#files.rmdirSync(join(this.#folder, "installed")));
  }

  /** Keeps a copy of a file as it is now; answers where. */
  backup(path: string, bytes: Buffer, time: Date): string {
    const folder = join(this.#folder, "backups", nameOf(path));
    makeFolders(this.#files, folder, 0o700);
    const named = (at: number) => join(folder, `${stampOf(at)}-${basename(path)}`);
    let at = time.getTime();
    while (this.#files.existsSync(named(at))) at++;
    const file = named(at);
    replaceFile(this.#files, file, bytes, undefined, 0o600);
    for (const name of this.#backups(folder).slice(0, -KEPT_BACKUPS))
      attempt(() => this.#files.unlinkSync(join(folder, name)));
    return file;
  }

  /** The newest copy of a file: its time, which orders as text, and its bytes. */
  latest(path: string): { readonly time: string; readonly bytes: Buffer } | undefined {
    const folder = join(this.#folder, "backups", nameOf(path));
    const name = this.#backups(folder).at(-1);
    const bytes = name === undefined ? undefined : readIfAny(this.#files, join(folder, name));
    return name !== undefined && bytes ? { time: name.slice(0, name.indexOf("-")), bytes } : undefined;
  }

  /** The names of the copies in a folder, the oldest first. */
  #backups(folder: string): string[] {
    if (!this.#files.existsSync(folder)) return [];
    return this.#files
      .readdirSync(folder)
      .filter((name) => !name.endsWith(".tmp"))
      .sort();
  }

  #fileOf(path: string): string {
    return join(this.#folder, "installed", `${nameOf(path)}.json`);
  }
}

/** Orders names by time. */
function stampOf(timeMs: number): string {
  return new Date(timeMs).toISOString().replace(/[-:]/g, "");
}

function nameOf(path: string): string {
  return createHash("sha256").update(path).digest("hex").slice(0, 16);
}
