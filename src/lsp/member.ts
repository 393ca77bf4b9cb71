import { join } from "node:path";
import type { Clock, Log } from "../ports/index.js";
import { type FailureLimits, Failures } from "../processes/index.js";
import { type FileDiagnostics, LanguageServer, type ServerProgram } from "./server.js";
import type { ServerSpec } from "./servers.js";
import { stampsOf, WatchedFiles } from "./watched-files.js";

export interface MemberPorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly project: string;
  /** Files of the project that match the globs, relative to it. */
  readonly files: (globs: readonly string[], signal: AbortSignal) => Promise<string[]>;
  /** Waits until one more process may be started; answers what gives its place back. */
  readonly place: (signal: AbortSignal) => Promise<() => void>;
  /** It has nothing to do for now. */
  readonly onIdle: () => void;
}

export interface MemberLimits {
  /** For a start, and for one diagnosis, in milliseconds. */
  readonly timeoutMs: number;
  /** A server without work ends after so long, in milliseconds. */
  readonly idleMs: number;
  /** Diagnoses that wait for one server; one more is refused. */
  readonly waiting: number;
}

/**
 * A server that hangs costs its time limit at each try: after three within ten minutes it is left alone until the
 * first of them is ten minutes old.
 */
const RESTARTS: FailureLimits = {
  count: 3,
  windowMs: 600_000,
  firstDelayMs: 500,
  longestDelayMs: 10_000,
};

interface Running {
  readonly server: LanguageServer;
  readonly watched: WatchedFiles;
  /** Of what is installed. */
  readonly dependencies: string;
}

/** One kind of server: its process, which is started when it is needed and kept, and those who wait for it. */
export class Member {
  readonly spec: ServerSpec;
  readonly #program: () => ServerProgram;
  readonly #ports: MemberPorts;
  readonly #limits: MemberLimits;
  readonly #failures: Failures;
  readonly #closing = new AbortController();
  #running: Running | undefined;
  #tail: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  #idle: AbortController | undefined;

  constructor(spec: ServerSpec, program: () => ServerProgram, ports: MemberPorts, limits: MemberLimits) {
    this.spec = spec;
    this.#program = program;
    this.#ports = ports;
    this.#limits = limits;
    this.#failures = new Failures(RESTARTS, () => ports.clock.now());
  }

  /** Whether it has a process that nobody waits for. */
  get canRest(): boolean {
    return this.#waiting === 0 && this.#running !== undefined;
  }

  /**
   * What the server says of the files, one diagnosis after the other. A server that crashes is started once more.
   * @throws Error why there is no answer; the signal's reason
   */
  async diagnose(paths: readonly string[], signal: AbortSignal): Promise<FileDiagnostics[]> {
    if (this.#waiting >= this.#limits.waiting)
      throw new Error(`${this.#waiting} diagnoses wait for it already`);
    this.#idle?.abort();
    this.#waiting++;
    const mine = this.#tail.then(() =>
      this.#attempts(paths, AbortSignal.any([signal, this.#closing.signal])),
    );
    this.#tail = mine.then(
      () => undefined,
      () => undefined,
    );
    try {
      return await mine;
    } finally {
      if (--this.#waiting === 0) {
        void this.#endWhenIdle();
        this.#ports.onIdle();
      }
    }
  }

  /** Ends the process that is there; the next diagnosis starts another one. */
  async rest(): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    await running?.server.end();
  }

  /** Ends the process for good; diagnoses under way fail. */
  async close(): Promise<void> {
    this.#closing.abort(new Error("the host is shutting down"));
    this.#idle?.abort();
    await this.#tail;
    await this.rest();
  }

  async #attempts(paths: readonly string[], signal: AbortSignal): Promise<FileDiagnostics[]> {
    for (let attempt = 1; ; attempt++) {
      signal.throwIfAborted();
      const given = this.#failures.givenUp();
      if (given)
        throw new Error(
          `it failed ${given.failures} times within ten minutes, the next try is in ${Math.ceil(given.retryInMs / 1_000)} s: ` +
            message(given.last),
        );
      try {
        return await this.#once(paths, signal);
      } catch (error) {
        // Nobody waits for it any more, and the server is not to blame: it was told.
        signal.throwIfAborted();
        const timedOut = error instanceof TimeLimit;
        this.#ports.log.warn("lsp.failed", { server: this.spec.id, error: message(error) });
        this.#failures.record(error);
        await this.#drop();
        if (timedOut || attempt === 2) throw error;
      }
    }
  }

  async #once(paths: readonly string[], signal: AbortSignal): Promise<FileDiagnostics[]> {
    const { clock } = this.#ports;
    const { timeoutMs } = this.#limits;
    const within = async <T>(what: string, act: (limited: AbortSignal) => Promise<T>): Promise<T> => {
      const limit = new AbortController();
      const limited = AbortSignal.any([signal, limit.signal]);
      const done = new AbortController();
      clock.sleep(timeoutMs, done.signal).then(
        () => limit.abort(new TimeLimit(`it ${what} within ${timeoutMs / 1_000} s`)),
        () => undefined,
      );
      try {
        return await act(limited);
      } finally {
        done.abort();
      }
    };
    const dependencies = await this.#dependencies();
    if (this.#running && (!this.#running.server.alive || this.#running.dependencies !== dependencies))
      await this.rest();
    const watching = this.#running?.watched ?? new WatchedFiles();
    // Before it starts: what changes from here on, it is told.
    const changes = await watching.look(await this.#watchedPaths(signal));
    if (!this.#running) {
      await clock.sleep(this.#failures.delay(), signal);
      this.#running = {
        server: await within("did not start", (limited) => this.#start(limited)),
        watched: watching,
        dependencies,
      };
      changes.length = 0;
    }
    const { server } = this.#running;
    return within("did not answer", (limited) => server.diagnose(paths, changes, limited));
  }

  async #start(signal: AbortSignal): Promise<LanguageServer> {
    const { log, clock, place } = this.#ports;
    const leave = await place(signal);
    const begun = clock.now();
    try {
      const server = await LanguageServer.start(this.#program(), signal);
      void server.exited.then(leave);
      log.info("lsp.started", { server: this.spec.id, pid: server.pid, ms: clock.now() - begun });
      return server;
    } catch (error) {
      leave();
      throw error;
    }
  }

  async #drop(): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    await running?.server.kill();
  }

  async #endWhenIdle(): Promise<void> {
    const idle = new AbortController();
    this.#idle = idle;
    try {
      await this.#ports.clock.sleep(this.#limits.idleMs, idle.signal);
    } catch {
      return;
    }
    if (idle.signal.aborted || !this.#running) return;
    this.#ports.log.info("lsp.idle", { server: this.spec.id });
    await this.rest();
  }

  async #watchedPaths(signal: AbortSignal): Promise<string[]> {
    const sources = `**/*.{${Object.keys(this.spec.languages).join(",")}}`;
    const found = await this.#ports.files([sources, ...this.spec.settingsFiles], signal);
    return found.map((path) => join(this.#ports.project, path));
  }

  async #dependencies(): Promise<string> {
    const paths = this.spec.dependencies.map((path) => join(this.#ports.project, path));
    return [...(await stampsOf(paths))]
      .map((one) => one.join(" "))
      .sort()
      .join("\n");
  }
}

/** A server that did not answer in time. */
export class TimeLimit extends Error {}

export function message(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
