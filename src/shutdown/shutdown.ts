import type { Clock, Log } from "../ports/index.js";

/** What has to be let go of at the end. */
export interface Release {
  readonly name: string;
  /** The higher goes first; equals go together. */
  readonly priority: number;
  readonly release: () => Promise<void> | void;
}

export interface ShutdownPorts {
  readonly clock: Clock;
  readonly log: Log;
}

/** How long one release is waited for, in milliseconds. */
export const RELEASE_LIMIT_MS = 5_000;

/**
 * Lets go of what was opened, by priority: those of one priority together, and the next when they are through or had their
 * time. One that fails or hangs is logged and keeps nobody else from being let go of.
 */
export class Shutdown {
  readonly #ports: ShutdownPorts;
  readonly #limitMs: number;
  readonly #releases = new Set<Release>();
  #running: Promise<void> | undefined;
  #isOver = false;

  constructor(ports: ShutdownPorts, limitMs = RELEASE_LIMIT_MS) {
    this.#ports = ports;
    this.#limitMs = limitMs;
  }

  /** True from the first call of `run` on: what is opened now has to be let go of at once. */
  get hasBegun(): boolean {
    return this.#running !== undefined;
  }

  /** Has something let go of at the end; when that is past, at once. */
  add(release: Release): void {
    if (this.#isOver) void this.#release(release);
    else this.#releases.add(release);
  }

  /** Never rejects. What is added while it runs is let go of as well. Every call resolves at the same end. */
  run(): Promise<void> {
    this.#running ??= this.#run();
    return this.#running;
  }

  async #run(): Promise<void> {
    while (this.#releases.size > 0) {
      const first = Math.max(...[...this.#releases].map(({ priority }) => priority));
      const due = [...this.#releases].filter(({ priority }) => priority === first);
      for (const one of due) this.#releases.delete(one);
      await Promise.all(due.map((one) => this.#release(one)));
    }
    this.#isOver = true;
  }

  async #release({ name, release }: Release): Promise<void> {
    const { clock, log } = this.#ports;
    const over = new AbortController();
    const late = clock.sleep(this.#limitMs, over.signal).then(
      () => log.warn("shutdown.slow", { release: name, limitMs: this.#limitMs }),
      // It was through in time.
      () => undefined,
    );
    const ended = (async () => release())().catch((error: unknown) =>
      log.warn("shutdown.failed", { release: name, error: String(error) }),
    );
    await Promise.race([ended, late]);
    over.abort();
  }
}
