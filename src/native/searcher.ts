import { addon } from "./addon.js";
import type { BindingExecutorMetrics, BindingIndexStatus, BindingSearcher } from "./binding.js";
import { cancellable } from "./cancel.js";
import { NativeError, unwrap } from "./errors.js";
import { GrepPage } from "./grep-page.js";
import {
  bindingGlob,
  bindingGrep,
  type GlobOptions,
  type GlobResult,
  type GrepOptions,
  type GrepResult,
} from "./search.js";
import {
  type AstRewriteOptions,
  type AstSearchOptions,
  type AstSearchResult,
  bindingAstQuery,
  type FileSyntax,
  type OutlineSymbol,
  RewritePreview,
} from "./syntax.js";

/** What searches code: in this process (`Searcher`), or in another one. */
export interface CodeSearch {
  /**
   * Searches file contents as ripgrep does.
   * @throws NativeError `ERR_PATTERN` with the position, `ERR_CURSOR`, `ERR_NOT_FOUND`, `ERR_IO`, `ERR_BUSY`; the
   * signal's reason when aborted.
   */
  grep(options: GrepOptions, signal?: AbortSignal): Promise<GrepResult>;
  /** Finds files by name. Errors as `grep`. */
  glob(options: GlobOptions, signal?: AbortSignal): Promise<GlobResult>;
  /** Finds code of a given shape. Errors as `grep`, and `ERR_LANGUAGE`. */
  astSearch(options: AstSearchOptions, signal?: AbortSignal): Promise<AstSearchResult>;
  /** Works out a structural replacement. Errors as `astSearch`, and `ERR_OUTSIDE_ROOT`. */
  astRewrite(options: AstRewriteOptions, signal?: AbortSignal): Promise<RewritePreview>;
  /** The symbols that a file declares, in its order. @throws NativeError `ERR_LANGUAGE`, `ERR_NOT_FOUND`, `ERR_IO` */
  outline(path: string, signal?: AbortSignal): Promise<OutlineSymbol[]>;
  /** Where files do not parse; one answer for each path, which is relative to `root`. */
  syntaxErrors(
    options: { readonly root: string; readonly paths: readonly string[] },
    signal?: AbortSignal,
  ): Promise<FileSyntax[]>;
  /** Gives back what it holds; later calls fail with `ERR_CLOSED`. */
  close(): Promise<void>;
}

export interface IndexOptions {
  /**
   * Most memory of one root's index. Default: 64 MiB. What is known of contents never takes more than the larger of 1 MiB
   * and 10% of the tree. A tree of which the mere list of files is larger is not indexed.
   */
  readonly maxBytes?: number;
  /** Most roots at a time; the one not searched for longest goes first. Default: 4. */
  readonly maxRoots?: number;
  /** Where indexes are kept between processes. Default: nowhere. */
  readonly cacheDirectory?: string;
  /** `false`: every search compares the stamps of all files, instead of listening for changes. Default: true. */
  readonly watch?: boolean;
}

/** What is known of a folder's index. */
export type IndexStatus = Omit<BindingIndexStatus, "state"> & {
  readonly state: "building" | "ready" | "closed";
};

/** What the threads that all searchers of this process share have done. */
export type SearchMetrics = BindingExecutorMetrics;

export interface SearcherOptions {
  /** `false`: every search walks the tree and reads every file. */
  readonly index?: IndexOptions | false;
}

/**
 * Searches in this process, on threads that all searchers share. With an index, the first search of a folder walks it,
 * and later ones read only files that can match; an answer is the same with and without.
 */
export class Searcher implements CodeSearch, AsyncDisposable {
  readonly #options: SearcherOptions;
  #searcher: BindingSearcher | undefined;
  #closed = false;

  /** Takes nothing until it is first used. */
  constructor(options: SearcherOptions = {}) {
    this.#options = options;
  }

  async grep(options: GrepOptions, signal?: AbortSignal): Promise<GrepResult> {
    const page = await cancellable(signal, async (cancel) =>
      unwrap(await this.#open().grep(bindingGrep(options), cancel)),
    );
    return new GrepPage(page, options.mode !== undefined && options.mode !== "matches");
  }

  async glob(options: GlobOptions, signal?: AbortSignal): Promise<GlobResult> {
    const page = await cancellable(signal, async (cancel) =>
      unwrap(await this.#open().glob(bindingGlob(options), cancel)),
    );
    return { ...page, paths: page.paths === "" ? [] : page.paths.split("\0") };
  }

  async astSearch(options: AstSearchOptions, signal?: AbortSignal): Promise<AstSearchResult> {
    return cancellable(signal, async (cancel) =>
      unwrap(await this.#open().astSearch(bindingAstQuery(options), cancel)),
    );
  }

  async astRewrite(options: AstRewriteOptions, signal?: AbortSignal): Promise<RewritePreview> {
    const root = options.root ?? options.path;
    const query = bindingAstQuery(options);
    return cancellable(
      signal,
      async (cancel) =>
        new RewritePreview(unwrap(await this.#open().astRewrite(query, options.replacement, root, cancel))),
    );
  }

  async outline(path: string, signal?: AbortSignal): Promise<OutlineSymbol[]> {
    return cancellable(signal, async (cancel) => unwrap(await this.#open().outline(path, cancel)));
  }

  async syntaxErrors(
    options: { readonly root: string; readonly paths: readonly string[] },
    signal?: AbortSignal,
  ): Promise<FileSyntax[]> {
    return cancellable(signal, async (cancel) =>
      unwrap(await this.#open().syntaxErrors(options.root, [...options.paths], cancel)),
    );
  }

  /** What is known of the index that a path lies in, if there is one. */
  indexStatus(path: string): IndexStatus | undefined {
    return (this.#open().indexStatus(path) as IndexStatus | null) ?? undefined;
  }

  /** Builds the index of a folder now, and waits until all of its files are read. */
  async ready(path: string): Promise<IndexStatus | undefined> {
    return (unwrap(await this.#open().indexReady(path)) as IndexStatus | null) ?? undefined;
  }

  metrics(): SearchMetrics {
    return this.#open().metrics();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#searcher?.close();
    this.#searcher = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #open(): BindingSearcher {
    if (this.#closed) throw new NativeError("ERR_CLOSED", "the searcher is closed");
    if (this.#searcher) return this.#searcher;
    const { index = {} } = this.#options;
    const kept = index === false ? undefined : { ...index, watch: index.watch ?? true };
    const searcher: BindingSearcher = unwrap(addon().BindingSearcher.create(kept));
    this.#searcher = searcher;
    return searcher;
  }
}
