import { stat } from "node:fs/promises";
import { join } from "node:path";
import type { CodeSearch } from "../native/index.js";
import type { Checks, CommandResult, Diagnosis, SyntaxFinding } from "../ports/index.js";
import { runCommand } from "./command.js";
import { dependentsOf } from "./dependents.js";

/**
 * Languages whose trees cannot be trusted to be whole for correct code: C and C++ because macros are not expanded,
 * Kotlin because its grammar refuses some valid one-line bodies. The commands of a task judge them.
 */
const UNRELIABLE = new Set(["c", "cpp", "kotlin"]);

/** What asks the language servers. */
export type Diagnose = (paths: readonly string[], signal: AbortSignal) => Promise<Diagnosis>;

/** Checks of a real working tree. */
export class ProjectChecks implements Checks {
  readonly #directory: string;
  readonly #search: CodeSearch;
  readonly #diagnose: Diagnose;

  constructor(directory: string, search: CodeSearch, diagnose: Diagnose) {
    this.#directory = directory;
    this.#search = search;
    this.#diagnose = diagnose;
  }

  command(command: string, options: { timeoutMs: number; signal: AbortSignal }): Promise<CommandResult> {
    return runCommand(command, { ...options, cwd: this.#directory });
  }

  files(globs: readonly string[], signal: AbortSignal): Promise<string[]> {
    return filesOf(this.#search, this.#directory, globs, signal);
  }

  diagnostics(paths: readonly string[], signal: AbortSignal): Promise<Diagnosis> {
    return this.#diagnose(paths, signal);
  }

  dependents(paths: readonly string[], signal: AbortSignal): Promise<string[]> {
    return dependentsOf(this.#search, this.#directory, paths, signal);
  }

  async syntax(paths: readonly string[], signal: AbortSignal): Promise<SyntaxFinding[]> {
    const files = await this.#search.syntaxErrors({ root: this.#directory, paths }, signal);
    const judged = files.filter((file) => !UNRELIABLE.has(file.language ?? ""));
    return judged.flatMap((file) =>
      file.errors.map(({ span, kind, text }) => ({
        path: file.path,
        line: span.line,
        column: span.column,
        message: kind === "missing" ? `${text} is missing` : `syntax error at \`${text}\``,
      })),
    );
  }

  async exists(path: string): Promise<boolean> {
    try {
      await stat(join(this.#directory, path));
      return true;
    } catch {
      return false;
    }
  }
}

/** Existing files of the folder that match globs which are written from its root, as write sets are. */
export async function filesOf(
  search: CodeSearch,
  directory: string,
  globs: readonly string[],
  signal: AbortSignal,
): Promise<string[]> {
  const found = await search.glob(
    {
      // A bare name would match in every folder; and a write set has no classes of characters.
      patterns: globs.map((one) => `/${one.replace(/[[\]]/g, "\\$&")}`),
      path: directory,
      exclude: ["**/.git/**", "**/node_modules/**"],
      // Ignored files count too: a write set may name generated ones.
      hidden: true,
      noIgnore: true,
      sort: "name",
    },
    signal,
  );
  return [...found.paths];
}
