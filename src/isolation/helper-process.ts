import { dirname } from "node:path";
import { CancellationTokenSource, ResponseError } from "vscode-jsonrpc/node";
import { NativeError, type SearcherOptions } from "../native/index.js";
import { RpcProcess } from "../processes/index.js";
import { type Calls, fromFailure, type Method, RELEASE } from "./protocol.js";
import type { Runtime } from "./runtime.js";

export interface HelperProgram {
  readonly runtime: Runtime;
  /** Absolute path of the built helper. */
  readonly path: string;
  readonly search: SearcherOptions;
  /** How long an aborted call may go unanswered before the helper counts as hung and is killed. */
  readonly hungMs: number;
}

interface PendingCall {
  readonly method: Method;
  fail: (error: NativeError) => void;
}

/** Between closing the helper's input and killing it. */
const GRACE_MS = 5_000;

/** One helper process. It holds this process open only while a call is under way. */
export class HelperProcess {
  /** Settles when the process is gone. */
  readonly exited: Promise<void>;
  readonly #process: RpcProcess;
  readonly #calls = new Set<PendingCall>();
  readonly #hungMs: number;
  #ending = false;
  #gone: NativeError | undefined;

  private constructor({ runtime, path, hungMs }: HelperProgram) {
    const { NODE_OPTIONS: _, ...env } = process.env;
    this.#hungMs = hungMs;
    this.#process = new RpcProcess({
      command: runtime.command,
      args: [...runtime.args, path],
      // Not the project: Bun reads settings, and with them code to load, from the folder that it starts in.
      cwd: dirname(path),
      env: { ...env, ...runtime.env },
    });
    this.exited = this.#process.exited.then((how) => this.#over(how));
  }

  /** @throws NativeError `ERR_ADDON`, or `ERR_HELPER_CRASHED` when it ended before it was ready */
  static async start(program: HelperProgram): Promise<HelperProcess> {
    const helper = new HelperProcess(program);
    try {
      await helper.call("start", program.search);
      return helper;
    } catch (error) {
      await helper.end();
      throw error;
    }
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  get alive(): boolean {
    return !this.#gone && !this.#ending;
  }

  /** How it ended, when nobody had asked it to. */
  get crash(): NativeError | undefined {
    return this.#ending ? undefined : this.#gone;
  }

  /**
   * Settles when the helper has answered or is gone, an aborted call too.
   * @throws NativeError what the helper threw, or `ERR_HELPER_CRASHED`
   */
  async call<M extends Method>(
    method: M,
    params: Calls[M]["params"],
    signal?: AbortSignal,
  ): Promise<Calls[M]["result"]> {
    if (this.#gone) throw this.#gone;
    if (this.#ending) throw closed();
    const cancel = new CancellationTokenSource();
    let hung: NodeJS.Timeout | undefined;
    const abort = () => {
      cancel.cancel();
      hung = setTimeout(() => this.#killUnlessWriting(), this.#hungMs).unref();
    };
    if (signal?.aborted) abort();
    signal?.addEventListener("abort", abort, { once: true });
    const release = this.#process.hold();
    const pending: PendingCall = { method, fail: () => undefined };
    const lost = new Promise<never>((_, reject) => {
      pending.fail = reject;
    });
    // A connection that is closed already refuses the request before anybody waits for this.
    lost.catch(() => undefined);
    this.#calls.add(pending);
    try {
      const answer = this.#process.connection.sendRequest<Calls[M]["result"]>(method, params, cancel.token);
      return await Promise.race([answer, lost]);
    } catch (error) {
      throw await this.#failure(error);
    } finally {
      signal?.removeEventListener("abort", abort);
      clearTimeout(hung);
      cancel.dispose();
      this.#calls.delete(pending);
      release();
    }
  }

  release(preview: number): void {
    if (this.alive) this.#process.connection.sendNotification(RELEASE, { preview }).catch(() => undefined);
  }

  /** Ends it. Reads under way fail with `ERR_CLOSED`; a rewrite that is being written is waited for. */
  async end(): Promise<void> {
    this.#ending = true;
    for (const { method, fail } of this.#calls) if (method !== "apply") fail(closed());
    this.#process.closeInput();
    const kill = setTimeout(() => this.#killUnlessWriting(), GRACE_MS).unref();
    const release = this.#process.hold();
    await this.exited;
    release();
    clearTimeout(kill);
  }

  async #failure(error: unknown): Promise<NativeError> {
    if (error instanceof NativeError) return error;
    const thrown = error instanceof ResponseError && fromFailure(error.message, error.data);
    if (thrown) return thrown;
    // The connection itself has failed: nothing can be asked of this helper any more.
    this.#process.kill();
    await this.exited;
    return this.#gone ?? new NativeError("ERR_HELPER_CRASHED", String(error));
  }

  #killUnlessWriting(): void {
    if ([...this.#calls].every(({ method }) => method !== "apply")) this.#process.kill();
  }

  #over(how: string): void {
    if (this.#gone) return;
    const said = this.#process.errors;
    this.#gone = this.#ending
      ? closed()
      : new NativeError("ERR_HELPER_CRASHED", `a search helper ended by itself: ${how}`, {
          how,
          ...(said !== "" && { errors: said }),
        });
    for (const { fail } of this.#calls) fail(this.#gone);
    this.#process.connection.dispose();
  }
}

function closed(): NativeError {
  return new NativeError("ERR_CLOSED", "the search helper has been ended");
}
