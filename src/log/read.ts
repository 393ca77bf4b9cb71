import { createReadStream } from "node:fs";
import { lstat, open } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { isOurs, logArchives } from "./file.js";
import { LOG_NAME, type LogPlace } from "./location.js";
import type { LogEntry } from "./log.js";

const POLL_MS = 200;

/** A file of the log as it was when it was looked at. */
interface Part {
  readonly path: string;
  readonly inode: number;
}

/** This user's log files at the places, each place's oldest first. */
export async function logFiles(places: readonly LogPlace[]): Promise<string[]> {
  const found: string[] = [];
  for (const { folder } of places) {
    const names = [...(await logArchives(folder).catch(() => [])), LOG_NAME];
    for (const name of names) {
      const path = join(folder, name);
      if (isOurs(await lstat(path).catch(() => undefined))) found.push(path);
    }
  }
  return found;
}

/** The events that are in the log, oldest first in each file. Lines that are no events are passed over. */
export async function* readLog(places: readonly LogPlace[]): AsyncGenerator<LogEntry> {
  for (const path of await logFiles(places)) {
    const lines = createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY });
    for await (const line of lines) yield* entriesOf(line);
  }
}

/** Events as they are written from now on, until the signal is aborted; through changes of the file, too. */
export async function* followLog(places: readonly LogPlace[], signal: AbortSignal): AsyncGenerator<LogEntry> {
  const tails = places.map(({ folder }) => new Tail(join(folder, LOG_NAME)));
  for (const tail of tails) await tail.toEnd();
  while (!signal.aborted) {
    for (const tail of tails) for (const line of await tail.read()) yield* entriesOf(line);
    await delay(POLL_MS, undefined, { signal }).catch(() => undefined);
  }
}

/** What is appended to a file; when another file takes its name, the rest of the old one first. */
class Tail {
  readonly #path: string;
  #part: (Part & { offset: number }) | undefined;
  #rest: Buffer = Buffer.alloc(0);

  constructor(path: string) {
    this.#path = path;
  }

  async toEnd(): Promise<void> {
    const now = await lstat(this.#path).catch(() => undefined);
    if (now && isOurs(now)) this.#part = { path: this.#path, inode: now.ino, offset: now.size };
  }

  async read(): Promise<string[]> {
    const now = await lstat(this.#path).catch(() => undefined);
    if (!now || !isOurs(now)) return [];
    const lines: string[] = [];
    if (this.#part && this.#part.inode !== now.ino) {
      const old = await this.#archiveOf(this.#part.inode);
      if (old) lines.push(...(await this.#readFrom(old)));
      this.#part = undefined;
      this.#rest = Buffer.alloc(0);
    }
    this.#part ??= { path: this.#path, inode: now.ino, offset: 0 };
    if (now.size > this.#part.offset) lines.push(...(await this.#readFrom(this.#path)));
    return lines;
  }

  async #archiveOf(inode: number): Promise<string | undefined> {
    const folder = join(this.#path, "..");
    for (const name of await logArchives(folder).catch(() => [])) {
      const path = join(folder, name);
      if ((await lstat(path).catch(() => undefined))?.ino === inode) return path;
    }
    return undefined;
  }

  async #readFrom(path: string): Promise<string[]> {
    const part = this.#part;
    const file = part && (await open(path, "r").catch(() => undefined));
    if (!part || !file) return [];
    try {
      // Between the look and the opening the name may have gone to another file.
      if ((await file.stat()).ino !== part.inode) return [];
      const chunks: Buffer[] = [this.#rest];
      for await (const chunk of file.createReadStream({ start: part.offset, autoClose: false })) {
        chunks.push(chunk as Buffer);
        part.offset += (chunk as Buffer).length;
      }
      const all = Buffer.concat(chunks);
      const end = all.lastIndexOf(10) + 1;
      this.#rest = all.subarray(end);
      return all.subarray(0, end).toString().split("\n").slice(0, -1);
    } finally {
      await file.close().catch(() => undefined);
    }
  }
}

function entriesOf(line: string): LogEntry[] {
  try {
    const entry = JSON.parse(line) as Partial<LogEntry> | null;
    return typeof entry?.time === "string" &&
      typeof entry.level === "string" &&
      typeof entry.event === "string"
      ? [entry as LogEntry]
      : [];
  } catch {
    return [];
  }
}
