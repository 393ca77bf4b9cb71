import "./environment.js";
import {
  type AstSearchOptions,
  type AstSearchResult,
  type GlobOptions,
  type GlobResult,
  type GrepOptions,
  type GrepResult,
  Searcher,
} from "../../src/native/index.js";
import { inTime } from "./deadline.js";

/**
 * What is compared: our search, with or without its resident index. The only door of these tests to the product;
 * a call that does not settle fails.
 */
export interface Subject {
  readonly name: string;
  grep(options: GrepOptions, signal?: AbortSignal): Promise<GrepResult>;
  glob(options: GlobOptions, signal?: AbortSignal): Promise<GlobResult>;
  astSearch(options: AstSearchOptions, signal?: AbortSignal): Promise<AstSearchResult>;
  /** Builds the index of a folder now, and waits for it. */
  ready(path: string): Promise<void>;
  close(): Promise<void>;
}

export function openSubject(options: { readonly index: boolean }): Subject {
  const searcher = new Searcher({ index: options.index ? {} : false });
  const name = options.index ? "with the index" : "without an index";
  const settled = <T>(call: Promise<T>, method: string, asked: unknown) =>
    inTime(call, () => `${name}, ${method} of ${JSON.stringify(asked)}`);
  return {
    name,
    grep: (query, signal) => settled(searcher.grep(query, signal), "grep", query),
    glob: (query, signal) => settled(searcher.glob(query, signal), "glob", query),
    astSearch: (query, signal) => settled(searcher.astSearch(query, signal), "astSearch", query),
    ready: async (path) => {
      await settled(searcher.ready(path), "ready", path);
    },
    close: () => settled(searcher.close(), "close", undefined),
  };
}

export type { AstSearchOptions, GlobOptions, GlobResult, GrepOptions, GrepResult };
