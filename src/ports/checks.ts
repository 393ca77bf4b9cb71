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

export interface Checks {
  /** Runs a shell command in the project directory; its whole process group ends with it. */
  command(command: string, options: { timeoutMs: number; signal: AbortSignal }): Promise<CommandResult>;
  /** Existing files, relative to the project, that match the globs. */
  files(globs: readonly string[], signal: AbortSignal): Promise<string[]>;
  /** Places where a file's syntax tree is not whole. Files of unknown languages yield nothing. */
  syntax(paths: readonly string[], signal: AbortSignal): Promise<SyntaxFinding[]>;
  /** True when the file exists inside the project. */
  exists(path: string): Promise<boolean>;
}
