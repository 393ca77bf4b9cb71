import { sep } from "node:path";

/** More folders than anyone searches at a time; the one that was remembered first is forgotten. */
const LIMIT = 256;

/** Which owner searched a folder before: its index of it is warm. */
export class Affinity<T> {
  readonly #owners = new Map<string, T>();

  /** The owner of the folder itself, or of the nearest one that holds it. */
  of(path: string): T | undefined {
    for (let folder = path; ; ) {
      const owner = this.#owners.get(folder);
      if (owner !== undefined) return owner;
      const parent = folder.slice(0, folder.lastIndexOf(sep));
      if (parent.length >= folder.length || parent === "") return undefined;
      folder = parent;
    }
  }

  remember(path: string, owner: T): void {
    if (this.of(path) !== undefined) return;
    this.#owners.set(path, owner);
    if (this.#owners.size > LIMIT)
      for (const oldest of [...this.#owners.keys()].slice(0, 1)) this.#owners.delete(oldest);
  }

  forget(owner: T): void {
    for (const [path, one] of this.#owners) if (one === owner) this.#owners.delete(path);
  }
}
