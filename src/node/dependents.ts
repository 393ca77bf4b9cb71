import { basename, dirname, extname } from "node:path/posix";
import type { CodeSearch } from "../native/index.js";

/** More files than this are not asked about. */
const MOST_FILES = 100;
/** More names than this are not searched for: a task that may change everything has no outside. */
const MOST_NAMES = 300;

/** Files whose name says nothing: others refer to their folder. */
const FOLDER_FILES = new Set(["index", "__init__", "mod", "main"]);

/**
 * Files that mention the name of one of these, in a file of the same kind: whoever imports a file has to name it. Some that
 * are found do not import it, which costs time and nothing else; one that imports it under another name is missed.
 */
export async function dependentsOf(
  search: CodeSearch,
  directory: string,
  paths: readonly string[],
  signal: AbortSignal,
): Promise<string[]> {
  const given = new Set(paths);
  const names = new Set(paths.map(moduleName).filter((name) => name.length > 1));
  const kinds = new Set(paths.flatMap((path) => kindOf(path)));
  if (names.size === 0 || names.size > MOST_NAMES || kinds.size === 0) return [];
  const found = await search.grep(
    {
      path: directory,
      pattern: `\\b(?:${[...names].map(escaped).join("|")})\\b`,
      include: [`**/*.{${[...kinds].join(",")}}`],
      exclude: ["**/.git/**", "**/node_modules/**"],
      mode: "files",
      // Some of them are those that were given.
      maxMatches: MOST_FILES + given.size,
      countUpTo: MOST_FILES + given.size,
    },
    signal,
  );
  const files = found.files.map(({ path }) => path);
  return files.filter((path) => !given.has(path)).slice(0, MOST_FILES);
}

/** The name by which others import a file. */
function moduleName(path: string): string {
  const name = basename(path, extname(path)).replace(/\.d$/, "");
  return FOLDER_FILES.has(name) ? basename(dirname(path)) : name;
}

/** Endings of the files that can import this one. */
const KINDS = [
  ["ts", "tsx", "mts", "cts", "js", "jsx", "mjs", "cjs"],
  ["py", "pyi"],
  ["go"],
  ["c", "h", "cc", "cpp", "cxx", "hh", "hpp", "hxx"],
];

function kindOf(path: string): readonly string[] {
  return KINDS.find((kind) => kind.includes(extname(path).slice(1).toLowerCase())) ?? [];
}

function escaped(name: string): string {
  return name.replace(/[\\^$.*+?()[\]{}|-]/g, "\\$&");
}
