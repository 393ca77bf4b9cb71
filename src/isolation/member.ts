import type { HelperProcess } from "./helper-process.js";

/** A helper's place in the pool, from before its process is up until it is gone. */
export class Member {
  readonly process: Promise<HelperProcess>;
  /** Previews of it that someone may still apply: while there are any, it is kept longer. */
  previews = 0;
  /** Calls that it was given and has not answered. */
  #load = 0;
  #alone = false;
  #helper: HelperProcess | undefined;
  #idle: NodeJS.Timeout | undefined;

  constructor(process: Promise<HelperProcess>) {
    this.process = process;
    process.then(
      (helper) => {
        this.#helper = helper;
      },
      () => undefined,
    );
  }

  get load(): number {
    return this.#load;
  }

  /** Whether it can take one more of at most `limit` calls; a call that must be alone takes an idle helper whole. */
  hasRoom(limit: number, alone: boolean): boolean {
    if (this.#helper?.alive === false) return false;
    return !this.#alone && this.#load < (alone ? 1 : limit);
  }

  enter(alone: boolean): void {
    clearTimeout(this.#idle);
    this.#load++;
    this.#alone ||= alone;
  }

  leave(): void {
    this.#load--;
    if (this.#load === 0) this.#alone = false;
  }

  /** Calls back once it has been without work for so long; work in between calls that off. */
  whenIdle(ms: number, callback: () => void): void {
    clearTimeout(this.#idle);
    this.#idle = setTimeout(callback, ms).unref();
  }

  stopWaiting(): void {
    clearTimeout(this.#idle);
  }
}
