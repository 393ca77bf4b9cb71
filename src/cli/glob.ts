import type { CodeSearch, GlobOptions } from "../native/index.js";
import {
  choice,
  FILE_OPTIONS,
  globs,
  integer,
  isFileAt,
  type Place,
  parse,
  place,
  selection,
  UsageError,
} from "./arguments.js";
import { type Command, type Environment, SEARCH_EXIT } from "./environment.js";
import { paintPath } from "./lines.js";
import { noteLeftOut, noteUnreadable } from "./notes.js";

const HELP = `Usage: opencode-orchestrator glob [options] PATTERN… [--path DIR]

Finds files by name: those that match one of the patterns, such as "*.ts" or "src/**/*.{js,ts}" (in quotes, or the shell
expands them), and no pattern with ! in front.

      --path DIR       the folder; default: the current one
      --sort path|modified   modified: newest first; default: path
      --hidden         hidden files too
      --no-ignore      files that .gitignore and its kind leave out, too
      --limit N        at most N in all; what is left out is counted
      --json           JSON Lines: {"path"} for each file, then {"summary": …}; without one, the run did not end

Exit codes: 0 found, 1 nothing found, 2 wrong usage or an error (also a folder that could not be read).
`;

const { glob: _, ...FILES } = FILE_OPTIONS;
const OPTIONS = { ...FILES, path: { type: "string" }, sort: { type: "string" } } as const;

/** Paths of one page. */
const PAGE = 1_000;

export const command: Command = {
  help: HELP,
  errorExit: SEARCH_EXIT.error,
  run: async (args, environment) => {
    const { values, positionals } = parse(args, OPTIONS);
    const { include, exclude } = globs(positionals);
    if (include.length === 0) throw new UsageError("a pattern is missing");
    const where = place(environment.directory, values.path);
    if (isFileAt(where.root)) throw new UsageError(`--path takes a folder, and ${values.path} is a file`);
    const options: GlobOptions = {
      ...selection(values, where),
      // As a glob, one for everything would override the ignore files.
      patterns: include.some((glob) => /^(\.?\/)?(\*\*\/)*\*{1,2}$/.test(glob)) ? [] : include,
      exclude,
      sort: choice(values.sort, "--sort", ["path", "modified"]) === "modified" ? "modified" : "name",
    };
    const limit = integer(values.limit, "--limit", 1) ?? Number.POSITIVE_INFINITY;
    const search = await environment.openSearch();
    try {
      return await printPages(search, options, where, limit, values.json ?? false, environment);
    } finally {
      await search.close();
    }
  },
};

async function printPages(
  search: CodeSearch,
  options: GlobOptions,
  where: Place,
  limit: number,
  json: boolean,
  environment: Environment,
): Promise<number> {
  const { out, signal, colour } = environment;
  const unreadable = new Map<string, string>();
  let shown = 0;
  let total = 0;
  for (let cursor: string | undefined; ; ) {
    const page = await search.glob(
      { ...options, limit: Math.min(PAGE, limit - shown), ...(cursor !== undefined && { cursor }) },
      signal,
    );
    const paths = page.paths.map(where.show);
    const lines = paths.map((path) => (json ? JSON.stringify({ path }) : paintPath(path, colour)));
    await out.write(lines.map((line) => `${line}\n`).join(""));
    for (const { path, message } of page.unreadable) unreadable.set(path, message);
    shown += paths.length;
    total = Math.max(total, shown + page.leftOut);
    if (page.cursor === undefined || page.cursor === cursor || shown >= limit) break;
    cursor = page.cursor;
  }
  const summary = {
    total,
    totalExact: true,
    leftOut: total - shown,
    unreadable: [...unreadable].map(([path, message]) => ({ path: where.show(path), message })),
  };
  if (json) await out.json({ summary });
  else {
    noteLeftOut(summary, "file", Number.isFinite(limit) ? ["--limit"] : [], environment);
    noteUnreadable(summary.unreadable, environment);
  }
  if (unreadable.size > 0) return SEARCH_EXIT.error;
  return shown > 0 ? SEARCH_EXIT.found : SEARCH_EXIT.nothing;
}
