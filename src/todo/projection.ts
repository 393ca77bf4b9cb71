import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import type { Log } from "../ports/index.js";

/**
 * A text file that follows something: written whole, to a temporary file that then takes its place, so that a
 * reader never sees half of it. Changes that come while a write is under way are written once, together.
 */
export class FileProjection {
  readonly #path: string;
  readonly #render: () => string;
  readonly #log: Log;
  #writing: Promise<void> | undefined;
  #stale = false;

  constructor(path: string, render: () => string, log: Log) {
    this.#path = path;
    this.#render = render;
    this.#log = log;
  }

  /** What the file shows has changed. */
  refresh(): void {
    this.#stale = true;
    this.#writing ??= this.#drain().finally(() => {
      this.#writing = undefined;
      // A change that came between the last look and now.
      if (this.#stale) this.refresh();
    });
  }

  /** Resolves when the file shows the last change. */
  async settled(): Promise<void> {
    while (this.#writing) await this.#writing;
  }

  async #drain(): Promise<void> {
    // The first change waits for the end of the present turn of the event loop: commits come in bursts.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#stale) {
      this.#stale = false;
      const temporary = `${this.#path}.${process.pid}.tmp`;
      try {
        await mkdir(dirname(this.#path), { recursive: true });
        await writeFile(temporary, this.#render());
        await rename(temporary, this.#path);
      } catch (error) {
        this.#log.warn("todo.write", { path: this.#path, error: String(error) });
        await rm(temporary, { force: true }).catch(() => undefined);
      }
    }
  }
}
