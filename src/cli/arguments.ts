import { statSync } from "node:fs";
import { join, resolve, sep } from "node:path";
import { type ParseArgsConfig, parseArgs } from "node:util";
import type { FileSelection } from "../native/index.js";

/** A command line that cannot be understood. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

type Options = NonNullable<ParseArgsConfig["options"]>;

/** @throws UsageError naming the argument and how to write it. */
export function parse<O extends Options>(args: readonly string[], options: O) {
  try {
    return parseArgs({ args: [...args], allowPositionals: true, tokens: true, options });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

/** Options of every command that searches files. */
export const FILE_OPTIONS = {
  glob: { type: "string", short: "g", multiple: true },
  hidden: { type: "boolean" },
  "no-ignore": { type: "boolean" },
  limit: { type: "string" },
  json: { type: "boolean" },
} as const satisfies Options;

export const FILE_HELP = `  -g, --glob GLOB      only files that match; with ! in front, none that do, whatever the order; repeatable
      --hidden         hidden files too
      --no-ignore      files that .gitignore and its kind leave out, too
      --limit N        at most N in all; what is left out is counted
      --json           JSON Lines, the last of which is {"summary": …}; without one, the run did not end`;

/** A whole number. @throws UsageError */
export function integer(value: string | undefined, option: string, least: number): number | undefined {
  if (value === undefined) return undefined;
  const number = /^\d+$/.test(value) ? Number(value) : Number.NaN;
  if (!(number >= least && number <= 0xffff_ffff))
    throw new UsageError(`${option} takes a whole number from ${least}, not "${value}"`);
  return number;
}

/** One of the words. @throws UsageError */
export function choice<const C extends string>(
  value: string | undefined,
  option: string,
  choices: readonly C[],
): C | undefined {
  const found = choices.find((one) => one === value);
  if (value !== undefined && found === undefined)
    throw new UsageError(`${option} is one of ${choices.join(", ")}, not "${value}"`);
  return found;
}

export interface FileValues {
  readonly glob?: string[] | undefined;
  readonly hidden?: boolean | undefined;
  readonly "no-ignore"?: boolean | undefined;
}

/** The files that a command line selects below its path. */
export function selection(values: FileValues, place: Place): FileSelection {
  return {
    path: place.root,
    ...globs(values.glob ?? []),
    hidden: values.hidden ?? false,
    noIgnore: values["no-ignore"] ?? false,
  };
}

/** Globs as ripgrep takes them: with `!` in front, one excludes. */
export function globs(patterns: readonly string[]): { include: string[]; exclude: string[] } {
  return {
    include: patterns.filter((glob) => !glob.startsWith("!")),
    exclude: patterns.filter((glob) => glob.startsWith("!")).map((glob) => glob.slice(1)),
  };
}

/** Where a command searches, and how it names what it finds. */
export interface Place {
  /** An absolute path. */
  readonly root: string;
  /** The path of a find as seen from the current folder. */
  readonly show: (path: string) => string;
}

export function place(directory: string, path: string | undefined): Place {
  const root = resolve(directory, path ?? ".");
  const given = path ?? "";
  const isFile = isFileAt(root);
  const show = (found: string) => (isFile ? given : join(given, found)).split(sep).join("/");
  return { root, show };
}

/** What is wrong with a path, the search says. */
export function isFileAt(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** @throws UsageError when there are more than `most` positional arguments. */
export function atMost(positionals: readonly string[], most: number, hint: string): void {
  const extra = positionals[most];
  if (extra !== undefined) throw new UsageError(`one argument too many: "${extra}". ${hint}`);
}
