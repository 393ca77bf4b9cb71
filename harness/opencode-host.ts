import { createOpencodeClient, type OpencodeClient } from "@opencode-ai/sdk";
import { EventStream } from "./event-stream.js";
import { openCodeBinary } from "./opencode-binary.js";
import { type HomeOptions, OpenCodeHome } from "./opencode-home.js";
import { type Exit, OwnedProcess } from "./owned-process.js";
import { pause, waitUntil } from "./wait-until.js";

/** A home that exists, or what to make one of; a home made here is removed with the host. */
export type ServeOptions = ({ readonly home: OpenCodeHome } | HomeOptions) & {
  /** Default 60,000: the first start on a busy machine takes several seconds. */
  readonly startTimeoutMs?: number;
};

export interface RunOptions {
  /** The project that the command runs in. */
  readonly directory: string;
  /** The process is killed after this time. Default 60,000. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** How a one-shot command ended. */
export interface RunResult extends Exit {
  readonly stdout: string;
  readonly stderr: string;
  readonly timedOut: boolean;
}

const STOP_GRACE_MS = 5_000;
const LOG_TAIL_CHARACTERS = 4_000;

/** A real `opencode serve`, on a home of its own, for any number of project directories. */
export class OpenCodeHost implements AsyncDisposable {
  readonly home: OpenCodeHome;
  /** Milliseconds from the start of the process to its first healthy answer. */
  readonly startupMs: number;
  readonly baseURL: string;
  readonly #process: OwnedProcess;
  readonly #ownsHome: boolean;

  private constructor(fields: {
    home: OpenCodeHome;
    ownsHome: boolean;
    process: OwnedProcess;
    baseURL: string;
    startupMs: number;
  }) {
    this.home = fields.home;
    this.#ownsHome = fields.ownsHome;
    this.#process = fields.process;
    this.baseURL = fields.baseURL;
    this.startupMs = fields.startupMs;
  }

  /** Starts the host and waits until it is healthy. Fails with the end of its log. */
  static async serve(options: ServeOptions): Promise<OpenCodeHost> {
    const ownsHome = !("home" in options);
    const home = ownsHome ? await OpenCodeHome.create(options) : options.home;
    const startedAt = performance.now();
    // Port 0: the host binds 4096 or, when that is taken, any free port, and prints which.
    const args = ["serve", "--hostname", "127.0.0.1", "--port", "0", "--print-logs"];
    const server = new OwnedProcess(openCodeBinary(), args, { cwd: home.directory, env: home.environment });
    try {
      const baseURL = await healthyURL(server, options.startTimeoutMs ?? 60_000);
      const startupMs = performance.now() - startedAt;
      return new OpenCodeHost({ home, ownsHome, process: server, baseURL, startupMs });
    } catch (error) {
      await server.kill().catch(() => undefined);
      if (ownsHome) await home[Symbol.asyncDispose]();
      throw new Error(`OpenCode did not start: ${String(error)}\n${logTail(server)}`, { cause: error });
    }
  }

  get pid(): number {
    return this.#process.pid;
  }

  /** How the host ended; `undefined` while it runs. */
  get exit(): Exit | undefined {
    return this.#process.exit;
  }

  /** The SDK's client for a project directory. */
  client(directory: string): OpencodeClient {
    return createOpencodeClient({ baseUrl: this.baseURL, directory });
  }

  /** Subscribes to a directory's events. This boots the directory, its plugins included. */
  events(directory: string, signal?: AbortSignal): Promise<EventStream> {
    return EventStream.open(this.baseURL, directory, signal);
  }

  /** The newest megabyte of the host's log. */
  logs(): string {
    return this.#process.stderr;
  }

  /** Runs `opencode <args>` in this home, as a process of its own. */
  run(args: readonly string[], options: RunOptions): Promise<RunResult> {
    return runOpenCode(this.home, args, options);
  }

  /** SIGKILL to exactly this process: a crash. The home stays. */
  async kill(): Promise<Exit> {
    return this.#process.kill();
  }

  /** SIGTERM, then SIGKILL after `graceMs`. The home stays. */
  async stop(graceMs = STOP_GRACE_MS): Promise<Exit> {
    return this.#process.stop(graceMs);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    if (this.#ownsHome) await this.home[Symbol.asyncDispose]();
  }
}

/** Runs `opencode <args>` once, for example `["run", "--format", "json", "a prompt"]`. */
export async function runOpenCode(
  home: OpenCodeHome,
  args: readonly string[],
  options: RunOptions,
): Promise<RunResult> {
  const command = new OwnedProcess(openCodeBinary(), args, { cwd: options.directory, env: home.environment });
  const finished = new AbortController();
  const signal = options.signal ? AbortSignal.any([finished.signal, options.signal]) : finished.signal;
  let timedOut = false;
  const guard = pause(options.timeoutMs ?? 60_000, signal).then(async () => {
    if (finished.signal.aborted) return;
    timedOut = !options.signal?.aborted;
    await command.kill();
  });
  try {
    const exit = await command.exited;
    return { ...exit, stdout: command.stdout, stderr: command.stderr, timedOut };
  } finally {
    finished.abort();
    await guard;
  }
}

/** The address that the server prints, once it answers there. Fails when its process ends first. */
export async function healthyURL(
  server: OwnedProcess,
  timeoutMs: number,
  headers: Record<string, string> = {},
): Promise<string> {
  const failed = new AbortController();
  server.exited.then(
    ({ code, signal }) => failed.abort(new Error(`it exited with ${signal ?? code}`)),
    (error: unknown) => failed.abort(error),
  );
  return waitUntil(
    async () => {
      const url = /listening on (http:\/\/\S+)/.exec(server.stdout)?.[1];
      if (url === undefined) return undefined;
      const response = await fetch(new URL("/global/health", url), { headers });
      return response.ok ? url : undefined;
    },
    { what: "the host to be healthy", timeoutMs, signal: failed.signal },
  );
}

function logTail(server: OwnedProcess): string {
  return `${server.stdout}${server.stderr}`.slice(-LOG_TAIL_CHARACTERS);
}
