import type { Surroundings } from "../install/index.js";
import type { CodeSearch } from "../native/index.js";
import type { Output } from "./output.js";

/** What a command works with: the streams and the folder of the process, or those of a test. */
export interface Environment {
  readonly out: Output;
  /** A line for people, to standard error. */
  readonly warn: (line: string) => void;
  /** The current folder. */
  readonly directory: string;
  /** Whether a person reads the output: headings for files, and not the path in every line. */
  readonly terminal: boolean;
  readonly colour: boolean;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
  readonly openSearch: () => Promise<CodeSearch>;
  /** The variables and the home of the user. */
  readonly surroundings: Surroundings;
  /** Asks a person a question; absent where nobody can answer. */
  readonly confirm?: ((question: string) => Promise<boolean>) | undefined;
}

/** One command of the command line. */
export interface Command {
  readonly help: string;
  /** The exit code of an error that is not one of usage. */
  readonly errorExit: number;
  /** Runs it; answers the exit code. */
  readonly run: (args: readonly string[], environment: Environment) => Promise<number>;
  /** What to do about an invalid pattern. */
  readonly patternAdvice?: (pattern: string) => string;
}

/** Exit codes of every command that does not search. */
export const EXIT = { ok: 0, failed: 1, usage: 2, error: 3, interrupted: 130 } as const;

/** Exit codes of the searching commands, which are ripgrep's. */
export const SEARCH_EXIT = { found: 0, nothing: 1, error: 2 } as const;
