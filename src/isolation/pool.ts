import { NativeError } from "../native/index.js";
import type { Log } from "../ports/index.js";
import type { Failures } from "../processes/index.js";
import { Affinity } from "./affinity.js";
import type { HelperProcess } from "./helper-process.js";
import type { Launcher } from "./launcher.js";
import { Member } from "./member.js";

export interface PoolLimits {
  /** Most helper processes. */
  readonly helpers: number;
  /** Calls that one helper is given at a time before a further helper is used. */
  readonly callsPerHelper: number;
  /** Calls that wait for a helper; one more is refused with `ERR_BUSY`. */
  readonly waiting: number;
  /** A helper without work ends after so long. */
  readonly idleMs: number;
  /** The same for a helper that holds rewrite previews, which end with it. */
  readonly previewMs: number;
}

export interface PoolPorts {
  readonly launcher: Launcher;
  readonly failures: Failures;
  readonly log: Log;
}

export interface Placement {
  /** The folder or file that the call is about: its helper's index of it is warm. */
  readonly path: string;
  /** With no other call on the same helper. */
  readonly alone: boolean;
  readonly signal: AbortSignal | undefined;
}

interface Waiting {
  readonly placement: Placement;
  readonly place: (member: Member) => void;
  readonly fail: (error: unknown) => void;
}

/** Persistent helper processes, started when calls need them and ended when none has for a while. */
export class HelperPool {
  readonly #limits: PoolLimits;
  readonly #ports: PoolPorts;
  readonly #members = new Set<Member>();
  readonly #affinity = new Affinity<Member>();
  /** First come, first served. */
  readonly #waiting: Waiting[] = [];
  /** Ends of helpers that are still under way. */
  readonly #endings = new Set<Promise<void>>();
  #retry: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(limits: PoolLimits, ports: PoolPorts) {
    this.#limits = limits;
    this.#ports = ports;
  }

  /**
   * Runs the call on a helper.
   * @throws NativeError `ERR_BUSY`, `ERR_CLOSED`, `ERR_HELPER_CRASHED`, `ERR_NO_RUNTIME`; the signal's reason when
   * aborted before a helper was free.
   */
  async run<T>(
    placement: Placement,
    call: (helper: HelperProcess, member: Member) => Promise<T>,
  ): Promise<T> {
    const member = await this.#place(placement);
    return this.#on(member, call);
  }

  /** Runs the call on the helper that has what it needs, however busy it is. */
  async runOn<T>(member: Member, call: (helper: HelperProcess) => Promise<T>): Promise<T> {
    member.enter(false);
    return this.#on(member, call);
  }

  /** Starts the idle time anew, after a preview was given up. */
  touch(member: Member): void {
    if (member.load > 0 || !this.#members.has(member)) return;
    const { idleMs, previewMs } = this.#limits;
    member.whenIdle(member.previews > 0 ? previewMs : idleMs, () => void this.#end(member));
  }

  /** Ends all helpers; calls under way or waiting fail with `ERR_CLOSED`. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#retry);
    for (const { fail } of this.#waiting.splice(0)) fail(closed());
    for (const member of this.#members) void this.#end(member);
    await Promise.all(this.#endings);
  }

  async #on<T>(member: Member, call: (helper: HelperProcess, member: Member) => Promise<T>): Promise<T> {
    try {
      return await call(await member.process, member);
    } finally {
      member.leave();
      this.touch(member);
      this.#dispatch();
    }
  }

  async #place(placement: Placement): Promise<Member> {
    const { signal } = placement;
    signal?.throwIfAborted();
    if (this.#closed) throw closed();
    if (this.#waiting.length >= this.#limits.waiting)
      throw new NativeError(
        "ERR_BUSY",
        `${this.#waiting.length} searches are waiting already: try again later`,
        {
          waiting: this.#waiting.length,
        },
      );
    let abort: (() => void) | undefined;
    try {
      return await new Promise<Member>((place, fail) => {
        const one: Waiting = { placement, place, fail };
        this.#waiting.push(one);
        abort = () => {
          const index = this.#waiting.indexOf(one);
          if (index >= 0) this.#waiting.splice(index, 1);
          fail(signal?.reason);
        };
        signal?.addEventListener("abort", abort, { once: true });
        this.#dispatch();
      });
    } finally {
      if (abort) signal?.removeEventListener("abort", abort);
    }
  }

  /** Gives waiting calls to helpers, in order, as long as there is one for the first. */
  #dispatch(): void {
    for (let next = this.#waiting[0]; next; next = this.#waiting[0]) {
      const { path, alone } = next.placement;
      const refused = this.#refused();
      const member = this.#choose(path, alone) ?? (refused ? undefined : this.#startAnother());
      if (member) {
        this.#waiting.shift();
        member.enter(alone);
        this.#affinity.remember(path, member);
        next.place(member);
      } else if (refused && this.#members.size === 0) {
        this.#waiting.shift();
        next.fail(refused);
      } else return;
    }
  }

  /** The helper that knows the folder, else the one with the least to do; none when all are busy. */
  #choose(path: string, alone: boolean): Member | undefined {
    const hasRoom = (member: Member) => member.hasRoom(this.#limits.callsPerHelper, alone);
    const warm = this.#affinity.of(path);
    if (warm && hasRoom(warm)) return warm;
    return [...this.#members].filter(hasRoom).toSorted((a, b) => a.load - b.load)[0];
  }

  #startAnother(): Member | undefined {
    if (this.#members.size >= this.#limits.helpers) return undefined;
    const delay = this.#ports.failures.delay();
    if (delay > 0) {
      // A call is waiting for this timer: it may hold the process open as the call itself would.
      clearTimeout(this.#retry);
      this.#retry = setTimeout(() => this.#dispatch(), delay);
      return undefined;
    }
    const member = new Member(this.#ports.launcher.launch());
    this.#members.add(member);
    void this.#watch(member);
    return member;
  }

  async #watch(member: Member): Promise<void> {
    try {
      const helper = await member.process;
      this.#ports.log.info("helper.started", { pid: helper.pid });
      await helper.exited;
      if (!helper.crash) return;
      throw helper.crash;
    } catch (error) {
      this.#failed(error);
    } finally {
      this.#remove(member);
      this.#dispatch();
    }
  }

  #failed(error: unknown): void {
    const { failures, log } = this.#ports;
    failures.record(error);
    log.warn("helper.failed", { error: String(error) });
    const refused = this.#refused();
    if (refused) log.error("helper.given-up", { error: String(refused) });
  }

  /** Why no helper is started for now. */
  #refused(): NativeError | undefined {
    const given = this.#ports.failures.givenUp();
    if (!given) return undefined;
    const { failures, retryInMs, last } = given;
    const { code, message, details } =
      last instanceof NativeError ? last : new NativeError("ERR_HELPER_CRASHED", String(last));
    return new NativeError(
      code,
      `search helpers failed ${failures} times within a minute; the next try is in ${Math.ceil(retryInMs / 1_000)} s. ` +
        `The last one: ${message}`,
      { ...details, failures, retryInMs },
    );
  }

  #remove(member: Member): void {
    member.stopWaiting();
    this.#members.delete(member);
    this.#affinity.forget(member);
  }

  #end(member: Member): Promise<void> {
    this.#remove(member);
    const ending = member.process
      .then((helper) => helper.end())
      .catch(() => undefined)
      .finally(() => this.#endings.delete(ending));
    this.#endings.add(ending);
    return ending;
  }
}

function closed(): NativeError {
  return new NativeError("ERR_CLOSED", "the search has been closed");
}
