/** Deterministic checks of a working tree. */

export interface CommandResult {
  readonly command: string;
  /** `null` when the command was ended by a signal or by its time limit. */
  readonly exitCode: number | null;
  readonly durationMs: number;
  readonly timedOut: boolean;
  /** The end of standard output and standard error together. */
  readonly output: string;
}

export interface SyntaxFinding {
  readonly path: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

/** An error that a language server reports. Line and column count from 1. */
export interface DiagnosticError extends SyntaxFinding {
  /** The server that reports it. */
  readonly server: string;
  /** What the server says found it, such as `ts` or `Pyright`. */
  readonly source?: string | undefined;
  readonly code?: string | undefined;
}

/** Files of which no language server has said anything. */
export interface Unchecked {
  readonly server: string;
  readonly reason: string;
}

export interface Diagnosis {
  readonly errors: readonly DiagnosticError[];
  /** The servers that have looked at files. */
  readonly servers: readonly string[];
  readonly unchecked: readonly Unchecked[];
}

export interface Checks {
  /** Runs a shell command in the project directory; its whole process group ends with it. */
  command(command: string, options: { timeoutMs: number; signal: AbortSignal }): Promise<CommandResult>;
  /** Existing files, relative to the project, that match the globs. */
  files(globs: readonly string[], signal: AbortSignal): Promise<string[]>;
  /** Places where a file's syntax tree is not whole. Files of unknown languages yield nothing. */
  syntax(paths: readonly string[], signal: AbortSignal): Promise<SyntaxFinding[]>;
  /**
   * Errors that language servers see in these files, as they are on the disk now. Never fails but for the signal: what
   * could not be looked at is in the answer. Files that are gone, or of a language without a known server, yield nothing.
   */
  diagnostics(paths: readonly string[], signal: AbortSignal): Promise<Diagnosis>;
  /** Further files of the project that may refer to these: some of them may not, and there is a limit to their number. */
  dependents(paths: readonly string[], signal: AbortSignal): Promise<string[]>;
  /** True when the file exists inside the project. */
  exists(path: string): Promise<boolean>;
}
