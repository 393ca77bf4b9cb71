import { randomUUID } from "node:crypto";
import { constants, type Stats } from "node:fs";
import { type FileHandle, lstat, mkdir, open, readdir, rename, unlink } from "node:fs/promises";
import { join } from "node:path";
import { LOG_NAME, type LogPlace } from "./location.js";

export interface LogLimits {
  /** A file that has grown beyond so many bytes is put away. */
  readonly maxBytes: number;
  /** So many of those are kept. */
  readonly archives: number;
}

export const LOG_LIMITS: LogLimits = { maxBytes: 5_000_000, archives: 4 };

/** Absent on Windows, where the temporary directory is the user's alone. */
const { O_APPEND, O_CREAT, O_NOFOLLOW = 0, O_NONBLOCK = 0, O_WRONLY } = constants;
const ARCHIVE = /^opencode-orchestrator\.log\.\d{8}T\d{9}Z-[0-9a-f-]+$/;

/** The file at this place is not one that we may write to. */
class NotOurs extends Error {}

/**
 * Appends whole lines to the log of this user, together with other processes. The file is ours, is a plain file, has no other
 * name and is readable by nobody else; whoever put something else there is evaded. Rejects when nothing can be written.
 */
export class LogFile {
  readonly #limits: LogLimits;
  /** Those that have not failed yet. */
  #places: readonly LogPlace[];

  constructor(places: readonly LogPlace[], limits: LogLimits = LOG_LIMITS) {
    this.#places = places;
    this.#limits = limits;
  }

  async append(lines: string): Promise<void> {
    for (const place of this.#places) {
      try {
        await this.#appendAt(place, lines);
        return;
      } catch (error) {
        // A full disk is full everywhere, and may have room again.
        if (!(error instanceof NotOurs) && !IN_THE_WAY.has(codeOf(error))) throw error;
        this.#places = this.#places.filter((one) => one !== place);
      }
    }
    throw new Error("there is no place for the log");
  }

  async #appendAt(place: LogPlace, lines: string): Promise<void> {
    if (place.isOwn) await claimFolder(place.folder);
    const path = join(place.folder, LOG_NAME);
    const file = await open(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o600);
    try {
      const before = await claimFile(file);
      // One call for whole lines: what other processes append comes before or after them.
      await file.write(lines);
      if (before.size + Buffer.byteLength(lines) > this.#limits.maxBytes) await this.#putAway(place, before);
    } finally {
      await file.close();
    }
  }

  /** Gives the file another name, unless another process has done it, and removes the oldest of those. */
  async #putAway({ folder }: LogPlace, full: Stats): Promise<void> {
    const path = join(folder, LOG_NAME);
    const now = await lstat(path).catch(() => undefined);
    if (now?.ino !== full.ino) return;
    const time = new Date().toISOString().replace(/[-:.]/g, "");
    // A name that nobody else takes: two processes that do this at the same moment would write over one of the two.
    await rename(path, `${path}.${time}-${randomUUID()}`).catch(() => undefined);
    const old = (await logArchives(folder)).slice(0, -this.#limits.archives || undefined);
    for (const name of old) await unlink(join(folder, name)).catch(() => undefined);
  }
}

/** Names of the archives of this user's log in a folder, oldest first. */
export async function logArchives(folder: string): Promise<string[]> {
  const names = (await readdir(folder)).filter((name) => ARCHIVE.test(name)).sort();
  const owned = await Promise.all(
    names.map(async (name) => isOurs(await lstat(join(folder, name)).catch(() => undefined))),
  );
  return names.filter((_, index) => owned[index]);
}

/** Whether this is a plain file of this user's, without a second name. */
export function isOurs(file: Stats | undefined): boolean {
  return file?.isFile() === true && file.nlink === 1 && file.uid === (process.getuid?.() ?? file.uid);
}

const IN_THE_WAY: ReadonlySet<string> = new Set([
  "EACCES",
  "EPERM",
  "ELOOP",
  "EMLINK",
  "EISDIR",
  "ENXIO",
  "ENOTDIR",
  "ENOENT",
  "EROFS",
]);

async function claimFile(file: FileHandle): Promise<Stats> {
  const found = await file.stat();
  if (!isOurs(found)) throw new NotOurs();
  if (process.getuid && (found.mode & 0o077) !== 0) await file.chmod(0o600);
  return found;
}

async function claimFolder(folder: string): Promise<void> {
  await mkdir(folder, { mode: 0o700 }).catch((error: unknown) => {
    if (codeOf(error) !== "EEXIST") throw error;
  });
  const found = await lstat(folder);
  const uid = process.getuid?.();
  if (!found.isDirectory() || (uid !== undefined && (found.uid !== uid || (found.mode & 0o077) !== 0)))
    throw new NotOurs();
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException | undefined)?.code ?? "";
}
