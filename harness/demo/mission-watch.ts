import { existsSync } from "node:fs";
import { type NativeStore, openStore } from "../../src/native/index.js";
import type { Notice } from "./notices.js";
import { Timeline } from "./timeline.js";

const PAGE = 500;

/** Follows a mission from a process of its own: reads the project's store while the host writes to it. */
export class MissionWatch implements AsyncDisposable {
  readonly timeline: Timeline;
  readonly #file: string;
  #store: NativeStore | undefined;
  #revision: number;

  private constructor(file: string, timeline: Timeline, store: NativeStore | undefined) {
    this.#file = file;
    this.timeline = timeline;
    this.#store = store;
    this.#revision = store?.snapshot() ?? 0;
  }

  /** Follows what is committed from now on. There may be no store yet: opening one here would create it. */
  static async open(file: string, rootSession: string): Promise<MissionWatch> {
    const store = existsSync(file) ? await openStore(file) : undefined;
    return new MissionWatch(file, new Timeline(rootSession), store);
  }

  /** The store; undefined as long as the plugin has not made it. */
  get store(): NativeStore | undefined {
    return this.#store;
  }

  /** Reads the commits since the last look. Answers what a person should hear about. */
  async look(): Promise<readonly Notice[]> {
    if (!this.#store && !existsSync(this.#file)) return [];
    this.#store ??= await openStore(this.#file);
    const notices: Notice[] = [];
    while (this.#store.snapshot() > this.#revision) {
      for (const commit of await this.#store.commitsSince(this.#revision, PAGE)) {
        notices.push(...this.timeline.add(commit));
        this.#revision = commit.revision;
      }
    }
    return notices;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#store?.close();
    this.#store = undefined;
  }
}
