import { Writable } from "node:stream";
import { main } from "../../src/cli/dispatch.js";
import { Output } from "../../src/cli/output.js";
import type { Surroundings } from "../../src/install/index.js";
import { type CodeSearch, Searcher } from "../../src/native/index.js";

export interface Run {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface RunOptions {
  readonly directory?: string;
  readonly search?: CodeSearch;
  readonly terminal?: boolean;
  readonly colour?: boolean;
  readonly signal?: AbortSignal;
  readonly surroundings?: Surroundings;
  readonly confirm?: (question: string) => Promise<boolean>;
  /** Instead of one that takes everything. */
  readonly stream?: Writable;
}

/** Runs the command line in this process; by default on real files. */
export async function run(argv: readonly string[], options: RunOptions = {}): Promise<Run> {
  const { signal = new AbortController().signal } = options;
  let out = "";
  const errors: string[] = [];
  const collecting = new Writable({
    write: (chunk, _, done) => {
      out += chunk;
      done();
    },
  });
  const code = await main(argv, {
    out: new Output(options.stream ?? collecting, signal),
    warn: (line) => errors.push(line),
    directory: options.directory ?? process.cwd(),
    terminal: options.terminal ?? false,
    colour: options.colour ?? false,
    signal,
    openSearch: async () => options.search ?? new Searcher({ index: false }),
    // Never the home of whoever runs the tests.
    surroundings: options.surroundings ?? { variables: {}, home: "/nonexistent" },
    confirm: options.confirm,
  });
  return { code, out, err: errors.join("\n") };
}

/** The objects of JSON Lines; the last is the summary. */
export function parsed(out: string): {
  objects: Record<string, unknown>[];
  summary: Record<string, unknown>;
} {
  const objects = out
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  return { objects: objects.slice(0, -1), summary: objects.at(-1).summary };
}
