import {
  type AstRewriteOptions,
  type AstSearchOptions,
  type AstSearchResult,
  type CodeSearch,
  type FileSyntax,
  type GlobOptions,
  type GlobResult,
  type GrepOptions,
  type GrepResult,
  NativeError,
  type OutlineSymbol,
  RewritePreview,
  type SearcherOptions,
} from "../native/index.js";
import type { Log } from "../ports/index.js";
import { type FailureLimits, Failures } from "../processes/index.js";
import { Launcher, type LauncherSettings } from "./launcher.js";
import type { Member } from "./member.js";
import { HelperPool, type PoolLimits } from "./pool.js";
import type { Calls, Method, RemoteRewrite } from "./protocol.js";
import { helperProgram, runtimes } from "./runtime.js";

export interface IsolationOptions {
  /** Passed on to the search in each helper. */
  readonly search?: SearcherOptions;
  readonly limits?: Partial<PoolLimits>;
  /** Most JavaScript heap of a helper that runs in Node. Default: 512. */
  readonly maxHeapMb?: number;
  readonly log?: Log;
  /** For tests: what runs the helper, and where it is. */
  readonly runtimes?: LauncherSettings["runtimes"];
  readonly program?: string;
  /** How long an aborted call may go unanswered before its helper is killed. Default: 10 s. */
  readonly hungMs?: number;
}

const LIMITS: PoolLimits = {
  helpers: 4,
  // The slots of Workers: they share one helper, and so one index, before there is a second one.
  callsPerHelper: 8,
  waiting: 256,
  idleMs: 30_000,
  previewMs: 600_000,
};
/** When helpers that crash, or that cannot be started, are started again. */
export const RESTARTS: FailureLimits = {
  count: 5,
  windowMs: 60_000,
  firstDelayMs: 100,
  longestDelayMs: 5_000,
};
const SILENT: Log = { info: () => undefined, warn: () => undefined, error: () => undefined };

type Read = Exclude<Method, "start" | "apply">;

/**
 * Searches in helper processes: a crash of the native core ends a helper and not this process. Calls that only read
 * are run once more when their helper crashes, alone; besides the errors of `CodeSearch` they can fail with
 * `ERR_HELPER_CRASHED`, `ERR_NO_RUNTIME` and `ERR_BUSY`.
 */
export class IsolatedSearch implements CodeSearch {
  readonly #pool: HelperPool;
  /** Gives up the previews that nobody can apply any more. */
  readonly #dropped: FinalizationRegistry<() => void>;

  constructor(options: IsolationOptions = {}) {
    const { program, maxHeapMb = 512 } = options;
    const launcher = new Launcher({
      path: () => program ?? helperProgram(),
      runtimes: options.runtimes ?? (() => runtimes(maxHeapMb)),
      search: options.search ?? {},
      hungMs: options.hungMs ?? 10_000,
    });
    const failures = new Failures(RESTARTS, () => performance.now());
    this.#pool = new HelperPool(
      { ...LIMITS, ...options.limits },
      { launcher, failures, log: options.log ?? SILENT },
    );
    this.#dropped = new FinalizationRegistry((release) => release());
  }

  /** Starts the first helper, for searches below the path. Errors as a search, of which it does nothing. */
  open(path: string, signal?: AbortSignal): Promise<void> {
    return abortable(
      this.#pool.run({ path, alone: false, signal }, async () => undefined),
      signal,
    );
  }

  grep(options: GrepOptions, signal?: AbortSignal): Promise<GrepResult> {
    return this.#read("grep", options.path, options, signal);
  }

  glob(options: GlobOptions, signal?: AbortSignal): Promise<GlobResult> {
    return this.#read("glob", options.path, options, signal);
  }

  astSearch(options: AstSearchOptions, signal?: AbortSignal): Promise<AstSearchResult> {
    return this.#read("astSearch", options.path, options, signal);
  }

  astRewrite(options: AstRewriteOptions, signal?: AbortSignal): Promise<RewritePreview> {
    return this.#read("astRewrite", options.path, options, signal, (rewrite, member) =>
      this.#preview(rewrite, member),
    );
  }

  outline(path: string, signal?: AbortSignal): Promise<OutlineSymbol[]> {
    return this.#read("outline", path, { path }, signal);
  }

  syntaxErrors(options: Calls["syntaxErrors"]["params"], signal?: AbortSignal): Promise<FileSyntax[]> {
    return this.#read("syntaxErrors", options.root, options, signal);
  }

  /** Ends all helpers; calls under way fail with `ERR_CLOSED`. */
  async close(): Promise<void> {
    await this.#pool.close();
  }

  async #read<M extends Read, T = Calls[M]["result"]>(
    method: M,
    path: string,
    params: Calls[M]["params"],
    signal: AbortSignal | undefined,
    convert: (result: Calls[M]["result"], member: Member) => T = (result) => result as T,
  ): Promise<T> {
    const attempt = (alone: boolean) =>
      this.#pool.run({ path, alone, signal }, async (helper, member) =>
        convert(await helper.call(method, params, signal), member),
      );
    return abortable(
      attempt(false).catch((error) => {
        // Alone: if this call is what brings helpers down, it takes no other with it again.
        if (hasCrashed(error) && !signal?.aborted) return attempt(true);
        throw error;
      }),
      signal,
    );
  }

  #preview({ preview, files, unreadable }: RemoteRewrite, member: Member): RewritePreview {
    const release = once(() => {
      member.previews--;
      this.#pool.touch(member);
    });
    member.previews++;
    const rewrite = new RewritePreview({
      files,
      unreadable,
      apply: () => this.#apply(preview, member).finally(release),
    });
    this.#dropped.register(rewrite, () => {
      release();
      void member.process.then((helper) => helper.release(preview));
    });
    return rewrite;
  }

  async #apply(preview: number, member: Member): Promise<number> {
    return this.#pool.runOn(member, async (helper) => {
      if (!helper.alive)
        throw new NativeError(
          "ERR_PREVIEW_GONE",
          "the search helper that held this preview has ended; nothing was written, work it out again",
        );
      try {
        return await helper.call("apply", { preview });
      } catch (error) {
        if (!hasCrashed(error)) throw error;
        throw new NativeError(
          "ERR_HELPER_CRASHED",
          `${error.message}, while it wrote a rewrite: look which of its files have changed`,
          error.details,
        );
      }
    });
  }
}

/** Rejects with the signal's reason as soon as it is aborted, whether the call has ended or not. */
async function abortable<T>(call: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return call;
  let abort: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    else signal.addEventListener("abort", abort, { once: true });
  });
  try {
    return await Promise.race([aborted, call]);
  } finally {
    if (abort) signal.removeEventListener("abort", abort);
  }
}

function hasCrashed(error: unknown): error is NativeError {
  return error instanceof NativeError && error.code === "ERR_HELPER_CRASHED";
}

function once(callback: () => void): () => void {
  let done = false;
  return () => {
    if (!done) callback();
    done = true;
  };
}
