import { stat } from "node:fs/promises";
import type { Clock, Log } from "../ports/index.js";
import { type Replacement, readOrNothing, replaceFile, restore } from "./replace.js";

export interface ProjectionPorts {
  readonly clock: Clock;
  readonly log: Log;
  /**
   * Takes in what the file says and answers what it is to say. `found` is undefined when there is no file. Called
   * again with the new content when somebody wrote the file before the answer was in place.
   */
  readonly bring: (found: string | undefined) => Promise<string>;
}

/** A file that is younger than this may be half written by somebody who does not rename. */
const QUIET_MS = 30;
const QUIET_LOOKS = 20;
/** Times that a write gives way to somebody else's, before it waits for the next change. */
const MAX_ROUNDS = 50;

/**
 * A text file that follows something and is read back: whole texts that take the file's place, never that of something
 * that was not read. Changes that come while a write is under way are written once, together.
 */
export class FileProjection {
  readonly #path: string;
  readonly #ports: ProjectionPorts;
  #working: Promise<void> | undefined;
  #stale = false;
  #written: string | undefined;

  constructor(path: string, ports: ProjectionPorts) {
    this.#path = path;
    this.#ports = ports;
  }

  /** What the file shows has changed, or the file may have. */
  refresh(): void {
    this.#stale = true;
    this.#working ??= this.#drain().finally(() => {
      this.#working = undefined;
      // A change that came between the last look and now.
      if (this.#stale) this.refresh();
    });
  }

  /** Looks at the file; does nothing when it is as it was written, or was never there. */
  look(): void {
    // What it is that cannot be read is reported by the write.
    if (this.#tryRead() !== this.#written) this.refresh();
  }

  /** Resolves when the file shows the last change. */
  async settled(): Promise<void> {
    while (this.#working) await this.#working;
  }

  async #drain(): Promise<void> {
    // The first change waits for the end of the present turn of the event loop: commits come in bursts.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#stale) {
      this.#stale = false;
      try {
        await this.#bring();
      } catch (error) {
        this.#ports.log.warn("todo.write", { path: this.#path, error: String(error) });
      }
    }
  }

  async #bring(): Promise<void> {
    restore(this.#path);
    let found = await this.#read();
    let unread = found;
    for (let givenWay = 0; givenWay < MAX_ROUNDS; ) {
      const text = await this.#ports.bring(unread);
      const outcome: Replacement =
        text === found ? { kind: "replaced" } : await replaceFile(this.#path, text, found);
      if (outcome.kind === "changed") {
        givenWay++;
        // What was taken away is read first; what is in place now comes with the next round.
        if (outcome.lost !== undefined) await this.#ports.bring(outcome.lost);
        found = await this.#read();
        unread = found;
        continue;
      }
      this.#written = text;
      if (outcome.lost === undefined) return;
      found = text;
      unread = outcome.lost;
    }
    this.#ports.log.warn("todo.busy", { path: this.#path });
  }

  /** The file, once nobody has written to it for a moment: an editor that does not rename writes it in parts. */
  async #read(): Promise<string | undefined> {
    for (let look = 0; ; look++) {
      const text = this.#tryRead();
      if (text === undefined || text === this.#written) return text;
      // After the read: what was written before it has left its time.
      const found = await stat(this.#path).catch(() => undefined);
      const age = Math.max(0, this.#ports.clock.now() - (found?.mtimeMs ?? 0));
      if (age >= QUIET_MS || look === QUIET_LOOKS) {
        if (typeof text === "string") return text;
        throw text;
      }
      await this.#ports.clock.sleep(QUIET_MS - age);
    }
  }

  /** An error is an answer here: half a character may be whole a moment later. */
  #tryRead(): string | undefined | Error {
    try {
      return readOrNothing(this.#path);
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    }
  }
}
