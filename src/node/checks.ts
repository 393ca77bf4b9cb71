import { stat } from "node:fs/promises";
import { join } from "node:path";
import type { CodeSearch } from "../native/index.js";
import type { Checks, CommandResult, SyntaxFinding } from "../ports/index.js";
import { runCommand } from "./command.js";

/**
 * Languages whose trees cannot be trusted to be whole for correct code: C and C++ because macros are not expanded,
 * Kotlin because its grammar refuses some valid one-line bodies. The commands of a task judge them.
 */
const UNRELIABLE = new Set(["c", "cpp", "kotlin"]);

/** Checks of a real working tree. */
export class ProjectChecks implements Checks {
  readonly #directory: string;
  readonly #search: CodeSearch;

  constructor(directory: string, search: CodeSearch) {
    this.#directory = directory;
    this.#search = search;
  }

  command(command: string, options: { timeoutMs: number; signal: AbortSignal }): Promise<CommandResult> {
    return runCommand(command, { ...options, cwd: this.#directory });
  }

  async files(globs: readonly string[], signal: AbortSignal): Promise<string[]> {
    const found = await this.#search.glob(
      {
        // A write set names paths from the project's root, where a bare name would match in every folder, and has
        // no classes of characters.
        patterns: globs.map((one) => `/${one.replace(/[[\]]/g, "\\$&")}`),
        path: this.#directory,
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
