import { readFile, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { visibleFiles } from "./visible-files.js";

interface Original {
  readonly path: string;
  readonly content: Buffer;
  readonly modified: Date;
}

/** Appears in the edited files only. */
export const EDIT_MARK = "qWvEditedByTheBenchmark";
const EDIT = Buffer.from(`\n// ${EDIT_MARK}\n`);

/** A small edit to every hundredth file of a tree, which can be made and taken back; disposed, it is taken back. */
export class Edits implements AsyncDisposable {
  readonly #originals: readonly Original[];

  private constructor(originals: readonly Original[]) {
    this.#originals = originals;
  }

  static async plan(root: string): Promise<Edits> {
    const chosen = (await visibleFiles(root)).toSorted().filter((_, index) => index % 100 === 0);
    const originals = chosen.map(async (file) => {
      const path = join(root, file);
      return { path, content: unedited(await readFile(path)), modified: (await stat(path)).mtime };
    });
    return new Edits(await Promise.all(originals));
  }

  get files(): number {
    return this.#originals.length;
  }

  async make(): Promise<void> {
    for (const { path, content } of this.#originals) await writeFile(path, Buffer.concat([content, EDIT]));
  }

  async takeBack(): Promise<void> {
    for (const { path, content, modified } of this.#originals) {
      await writeFile(path, content);
      await utimes(path, modified, modified);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.takeBack();
  }
}

/** A run that was interrupted leaves its edit behind. */
function unedited(content: Buffer): Buffer {
  const end = content.length - EDIT.length;
  return end >= 0 && content.subarray(end).equals(EDIT) ? content.subarray(0, end) : content;
}
