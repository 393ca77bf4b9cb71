import { join } from "node:path";
import type { ToolDefinition } from "@opencode-ai/plugin";
import * as z from "zod";
import type { CodeSearch, GrepMatch, GrepOptions, GrepResult } from "../native/index.js";
import { astTools } from "./ast.js";
import { defineTool, type SearchPorts } from "./context.js";
import { BoundedOutput, count, MAX_BYTES, unreadableNote } from "./output.js";
import { type SearchScope, searchScope } from "./paths.js";

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 1_000;
/** A minified line is clipped around its match. */
const MAX_LINE_BYTES = 400;
/** Beyond this a total is "at least": a model that sees it narrows its search. */
const COUNT_UP_TO = 1_000;
/** No file takes more than a quarter of a page, nor is cut below this. */
const LEAST_PER_FILE = 20;
/** For what stands around the matches. */
const RESERVED_BYTES = 2 * 1024;

/** The search tools, offered to every session. `grep` and `glob` stand in for the host's. */
export function searchTools(ports: SearchPorts): Record<string, ToolDefinition> {
  return { grep: grepTool(ports), glob: globTool(ports), ...astTools(ports) };
}

function grepTool({ directory, search }: SearchPorts): ToolDefinition {
  return defineTool({
    description: "Search file contents with a regular expression (Rust syntax). Respects .gitignore.",
    args: {
      pattern: z.string().min(1),
      path: z.string().optional().describe("Folder or file; default: the project"),
      include: z.string().optional().describe('Glob, such as "*.{ts,tsx}"'),
      ignoreCase: z.boolean().optional(),
      literal: z.boolean().optional().describe("Pattern is plain text"),
      word: z.boolean().optional(),
      context: z.number().int().min(0).max(20).optional().describe("Lines around"),
      mode: z.enum(["matches", "files", "counts"]).optional(),
      sort: z.enum(["path", "relevance"]).optional().describe("relevance: newest first, generated last"),
      hidden: z.boolean().optional(),
      limit: z.number().int().min(1).max(MAX_LIMIT).optional().describe(`Default ${DEFAULT_LIMIT}`),
      cursor: z.string().optional().describe("From an answer's last line: continues it"),
    },
    execute: async (args, context) => {
      const scope = await searchScope(directory, args.path, context);
      const { pattern, literal = false, mode = "matches", limit = DEFAULT_LIMIT } = args;
      // Models fill in what they leave open.
      const cursor = args.cursor || undefined;
      const perFile = Math.max(LEAST_PER_FILE, Math.ceil(limit / 4));
      const query: GrepOptions = {
        path: scope.root,
        pattern,
        ...globs(args.include ? [args.include] : []),
        case: args.ignoreCase ? "insensitive" : "sensitive",
        literal,
        word: args.word ?? false,
        multiline: spansLines(pattern, literal),
        hidden: args.hidden ?? false,
        before: args.context ?? 0,
        after: args.context ?? 0,
        mode,
        ...(args.sort && { sort: args.sort }),
        maxMatches: limit,
        ...(mode === "matches" && !scope.isFile && perFile < limit && { maxPerFile: perFile }),
        maxLineBytes: MAX_LINE_BYTES,
        countUpTo: COUNT_UP_TO,
        ...(cursor !== undefined && { cursor }),
      };
      return grepAnswer(search, query, scope, context.abort);
    },
  });
}

/** Whether a match can span lines: nobody writes a line break into a pattern for another reason. */
function spansLines(pattern: string, literal: boolean): boolean {
  return pattern.includes("\n") || (!literal && /(?<!\\)(\\\\)*\\n/.test(pattern));
}

/** A glob for everything is no glob: as one, it would override the ignore files. `!` in front excludes. */
function globs(patterns: readonly string[]): { include: string[]; exclude: string[] } {
  const include = patterns.filter((glob) => !glob.startsWith("!"));
  return {
    include: include.some((glob) => /^(\.?\/)?(\*\*\/)*\*{1,2}$/.test(glob)) ? [] : include,
    exclude: patterns.filter((glob) => glob.startsWith("!")).map((glob) => glob.slice(1)),
  };
}

async function grepAnswer(
  search: CodeSearch,
  query: GrepOptions,
  scope: SearchScope,
  signal: AbortSignal,
): Promise<string> {
  let page = await search.grep(query, signal);
  let cut = await cutFiles(search, query, page, signal);
  let body = render(page, query, scope.prefix, cut);
  const fits = Math.max(1, entries(page) - body.omitted);
  // The cursor of a page of which a part is shown would pass over the rest.
  if (body.omitted > 0) {
    page = await search.grep({ ...query, maxMatches: fits }, signal);
    cut = await cutFiles(search, query, page, signal);
    body = render(page, query, scope.prefix, cut);
  }
  const shown = entries(page) - body.omitted;
  const parts = [
    headline(
      page,
      query,
      shown,
      [...cut.values()].reduce((sum, left) => sum + left, 0),
    ),
    body.text(),
    [
      ...unreadableNote(page.unreadable, scope.prefix),
      ...(page.cursor === undefined ? [] : [`cursor: ${page.cursor}`]),
    ].join("\n"),
  ];
  return parts.filter((part) => part !== "").join("\n\n");
}

function entries(page: GrepResult): number {
  return page.matches.length + page.files.length;
}

/** How many matches `maxPerFile` has cut, by file. Only a file with so many matches is counted again. */
async function cutFiles(
  search: CodeSearch,
  { maxPerFile, maxMatches: _, include: __, cursor: ___, countUpTo: ____, ...query }: GrepOptions,
  page: GrepResult,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, number>> {
  const cut = new Map<string, number>();
  if (maxPerFile === undefined) return cut;
  const shown = new Map<string, number>();
  for (const { path } of page.matches) shown.set(path, (shown.get(path) ?? 0) + 1);
  for (const [path, number] of shown) {
    if (number < maxPerFile) continue;
    const whole = await search
      .grep({ ...query, path: join(query.path, path), maxMatches: 1, before: 0, after: 0 }, signal)
      .catch(() => undefined);
    signal.throwIfAborted();
    if (whole && whole.total > number) cut.set(path, whole.total - number);
  }
  return cut;
}

/** What there is, and what of it is not shown. */
function headline(page: GrepResult, query: GrepOptions, shown: number, cut: number): string {
  const { mode, include = [], exclude = [] } = query;
  if (page.total === 0) {
    const where = page.noneSelected
      ? `; no file was searched: ${[...include, ...exclude].length > 0 ? "see include; " : ""}hidden and ignored files are left out`
      : "";
    const binary = page.skippedBinary > 0 ? `; ${count(page.skippedBinary, "binary file")} passed over` : "";
    return `No ${query.cursor === undefined ? "" : "more "}matches${where}${binary}.`;
  }
  const least = page.totalExact ? "" : "at least ";
  const files = least + count(page.filesMatched, "file");
  const what =
    mode === "files"
      ? least + count(page.total, "file")
      : `${least}${count(page.total, "match", "matches")} in ${files}`;
  const all = mode === "counts" ? page.filesMatched : page.total;
  const left = all - shown - cut;
  const way = page.cursor === undefined ? "narrow the pattern or the path, or raise limit" : "see cursor";
  const notes = [
    ...(query.cursor === undefined ? [] : ["from the cursor on"]),
    ...(left > 0 ? [`${least}${left} not shown: ${way}`] : []),
  ];
  return [what, ...notes].join("; ");
}

/** Matches grouped by file, as `line: text`, lines around them as `line- text`; in the other modes, files. */
function render(
  page: GrepResult,
  { mode, cursor }: GrepOptions,
  prefix: string,
  cut: ReadonlyMap<string, number>,
): BoundedOutput {
  const output = new BoundedOutput(MAX_BYTES - RESERVED_BYTES);
  for (const { path, count } of page.files)
    output.add(mode === "counts" ? `${prefix}${path}: ${count}` : prefix + path);
  let last = 0;
  page.matches.forEach((match, index) => {
    const [before, after] = [page.matches[index - 1], page.matches[index + 1]];
    const previous = before?.path === match.path ? before : undefined;
    const next = after?.path === match.path ? after : undefined;
    const lines: string[] = [];
    if (!previous) {
      lines.push(`${before ? "\n" : ""}${prefix}${match.path}`);
      last = 0;
    }
    for (const line of matchLines(match, last, previous, next)) {
      lines.push(`${line.number}${line.mark} ${line.text}`);
      last = line.number;
    }
    const left = cut.get(match.path);
    // Of the file in which the page before ended, a part has been shown there.
    const most = cursor !== undefined && match.path === page.matches[0]?.path ? "up to " : "";
    if (left !== undefined && !next) lines.push(`… ${most}${left} more in this file: search it by its path`);
    // A match on a line that stands there already adds none; one on a line that did not fit is left out, too.
    if (lines.length > 0 || output.omitted > 0) output.add(...lines);
  });
  return output;
}

interface Line {
  readonly number: number;
  readonly mark: ":" | "-";
  readonly text: string;
}

/** The lines of a match that are not printed yet, up to the file's next match. */
function matchLines(
  match: GrepMatch,
  last: number,
  previous: GrepMatch | undefined,
  next: GrepMatch | undefined,
): Line[] {
  const around = (lines: GrepMatch["before"]): Line[] =>
    lines
      .filter(({ line }) => line > last && (next === undefined || line < next.line))
      .map(({ line, text }) => ({ number: line, mark: "-", text }));
  const clip = match.clipped ? ` [column ${match.column}; line clipped]` : "";
  const own = match.text.split("\n").map((text, index): Line => {
    const note = index === 0 ? clip : "";
    return { number: match.line + index, mark: ":", text: text.replace(/\r$/, "") + note };
  });
  // Of a clipped line, another part is news.
  const isNews = ({ number }: Line) =>
    number > last || (number === match.line && match.clipped && match.textColumn !== previous?.textColumn);
  return [...around(match.before), ...own.filter(isNews), ...around(match.after)];
}

function globTool({ directory, search }: SearchPorts): ToolDefinition {
  return defineTool({
    description: "Find files by glob, newest first. Respects .gitignore.",
    args: {
      pattern: z.string().min(1).describe('Such as "src/**/*.ts"'),
      path: z.string().optional().describe("Folder; default: the project"),
      limit: z.number().int().min(1).max(MAX_LIMIT).optional(),
    },
    execute: async (args, context) => {
      const { root, prefix, isFile } = await searchScope(directory, args.path, context);
      if (isFile) throw new Error(`${args.path} is a file: give a folder, or leave path out.`);
      const { include, exclude } = globs([args.pattern]);
      const limit = args.limit ?? DEFAULT_LIMIT;
      const result = await search.glob({ path: root, patterns: include, exclude, limit }, context.abort);
      const output = new BoundedOutput(MAX_BYTES - RESERVED_BYTES);
      for (const path of result.paths) output.add(prefix + path);
      const left = result.leftOut + output.omitted;
      const notes = [
        ...(result.total === 0 ? ["No files; hidden and ignored ones are left out."] : [output.text()]),
        ...(left > 0 ? [`${left} more not shown: narrow the pattern, or raise limit`] : []),
        ...unreadableNote(result.unreadable, prefix),
      ];
      return notes.join("\n");
    },
  });
}
