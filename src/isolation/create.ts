import {
  type AstRewriteOptions,
  type AstSearchOptions,
  addon,
  type CodeSearch,
  type GlobOptions,
  type GrepOptions,
  NativeError,
  Searcher,
} from "../native/index.js";
import type { IsolatedSearch, IsolationOptions } from "./search.js";

export interface SearchSettings extends IsolationOptions {
  /** `none`: in this process, and in helpers only when this process cannot load the addon. */
  readonly isolation: "none" | "process";
  /** The addon could not be loaded here: helpers do the work. */
  readonly onFallback?: (error: NativeError) => void;
  /** For tests: loads the addon, or throws `ERR_ADDON`. */
  readonly load?: () => unknown;
}

/** A search whose means can be tried before it is used. */
export interface LazyCodeSearch extends CodeSearch {
  /**
   * Loads the addon, or starts the first helper, for searches below the path.
   * @throws NativeError `ERR_NO_RUNTIME`, `ERR_NO_HELPER` when nothing on this machine can search; the signal's reason
   */
  open(path: string, signal?: AbortSignal): Promise<void>;
}

/** What searches code, in this process or in helper processes. Loads and starts nothing before the first call. */
export function createSearch(settings: SearchSettings): LazyCodeSearch {
  return new LazySearch(async () => {
    if (settings.isolation === "process") return isolated(settings);
    try {
      (settings.load ?? addon)();
    } catch (error) {
      if (!(error instanceof NativeError)) throw error;
      settings.onFallback?.(error);
      return isolated(settings);
    }
    return new Searcher(settings.search);
  });
}

async function isolated(settings: SearchSettings): Promise<IsolatedSearch> {
  const { IsolatedSearch } = await import("./search.js");
  return new IsolatedSearch(settings);
}

/** Decides at the first call which search it is. */
class LazySearch implements LazyCodeSearch {
  readonly #create: () => Promise<Searcher | IsolatedSearch>;
  #search: Promise<Searcher | IsolatedSearch> | undefined;
  #closed = false;

  constructor(create: () => Promise<Searcher | IsolatedSearch>) {
    this.#create = create;
  }

  async open(path: string, signal?: AbortSignal) {
    const search = await this.#it(signal);
    if ("open" in search) await search.open(path, signal);
  }

  async grep(options: GrepOptions, signal?: AbortSignal) {
    return (await this.#it(signal)).grep(options, signal);
  }

  async glob(options: GlobOptions, signal?: AbortSignal) {
    return (await this.#it(signal)).glob(options, signal);
  }

  async astSearch(options: AstSearchOptions, signal?: AbortSignal) {
    return (await this.#it(signal)).astSearch(options, signal);
  }

  async astRewrite(options: AstRewriteOptions, signal?: AbortSignal) {
    return (await this.#it(signal)).astRewrite(options, signal);
  }

  async outline(path: string, signal?: AbortSignal) {
    return (await this.#it(signal)).outline(path, signal);
  }

  async syntaxErrors(
    options: { readonly root: string; readonly paths: readonly string[] },
    signal?: AbortSignal,
  ) {
    return (await this.#it(signal)).syntaxErrors(options, signal);
  }

  async close() {
    this.#closed = true;
    await (await this.#search?.catch(() => undefined))?.close();
  }

  #it(signal: AbortSignal | undefined): Promise<Searcher | IsolatedSearch> {
    signal?.throwIfAborted();
    if (this.#closed) throw new NativeError("ERR_CLOSED", "the search has been closed");
    this.#search ??= this.#create();
    return this.#search;
  }
}
