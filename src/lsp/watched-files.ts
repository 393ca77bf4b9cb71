import { stat } from "node:fs/promises";

/** As the protocol counts. */
const CREATED = 1;
export const CHANGED = 2;
const DELETED = 3;

export interface FileChange {
  readonly path: string;
  readonly type: typeof CREATED | typeof CHANGED | typeof DELETED;
}

/** Stamps that are read at a time. */
const BATCH = 64;

/** What has changed among a server's files since it was last told: others edit them, while it watches nothing itself. */
export class WatchedFiles {
  /** Size, times and inode of each file; a rename over it changes the last. */
  #stamps = new Map<string, string>();

  /** Compares with the last look; the first one only remembers. Paths are absolute. */
  async look(paths: readonly string[]): Promise<FileChange[]> {
    const before = this.#stamps;
    this.#stamps = await stampsOf(paths);
    const changes: FileChange[] = [];
    for (const [path, stamp] of this.#stamps) {
      const known = before.get(path);
      if (known !== stamp) changes.push({ path, type: known === undefined ? CREATED : CHANGED });
    }
    for (const path of before.keys()) if (!this.#stamps.has(path)) changes.push({ path, type: DELETED });
    return changes;
  }
}

/** The stamps of those that are there. */
export async function stampsOf(paths: readonly string[]): Promise<Map<string, string>> {
  const stamps = new Map<string, string>();
  for (let at = 0; at < paths.length; at += BATCH)
    await Promise.all(
      paths.slice(at, at + BATCH).map(async (path) => {
        const found = await stat(path, { bigint: true }).catch(() => undefined);
        if (found) stamps.set(path, `${found.size}:${found.mtimeNs}:${found.ctimeNs}:${found.ino}`);
      }),
    );
  return stamps;
}
