import type { GrepOptions } from "../native/index.js";
import {
  atMost,
  choice,
  FILE_HELP,
  FILE_OPTIONS,
  integer,
  type Place,
  parse,
  place,
  selection,
  UsageError,
} from "./arguments.js";
import { type Command, type Environment, SEARCH_EXIT } from "./environment.js";
import { printPages, type Request } from "./grep-pages.js";

const HELP = `Usage: opencode-orchestrator grep [options] PATTERN [PATH]
       opencode-orchestrator grep [options] -e PATTERN [-e PATTERN…] [PATH]

Searches file contents as ripgrep does. PATH is a folder or a file; default: the current folder.

  -e, --regexp PATTERN a pattern, also one that begins with -; repeatable
  -i, --ignore-case    -S, --smart-case: unless the pattern has a capital   -s, --case-sensitive (default)
  -w, --word-regexp    whole words only
  -F, --fixed-strings  the pattern is a text, not a regular expression
  -U, --multiline      a match may span lines
  -A, -B, -C N         lines after, before, around each match (--after-context, --before-context, --context)
  -m, --max-count N    at most N matches of each file
  -M, --max-columns N  lines longer than N bytes are clipped around the match; default: 2000
  -l, --files-with-matches   only the files' paths
  -c, --count          only each file's number of matches (ripgrep's --count-matches)
      --sort path|relevance  relevance: generated files last, then newest first; default: path
${FILE_HELP}

An object of --json has path, line, column, byteStart, byteEnd, text (lines and columns from 1, columns and offsets in
bytes; also clipped and textColumn of a clipped line, before and after with -A, -B, -C); with -l: path, with -c: path, count.

Exit codes, as ripgrep's: 0 found, 1 nothing found, 2 wrong usage or an error (also a file that could not be read).
`;

const OPTIONS = {
  ...FILE_OPTIONS,
  regexp: { type: "string", short: "e", multiple: true },
  "ignore-case": { type: "boolean", short: "i" },
  "smart-case": { type: "boolean", short: "S" },
  "case-sensitive": { type: "boolean", short: "s" },
  "word-regexp": { type: "boolean", short: "w" },
  "fixed-strings": { type: "boolean", short: "F" },
  multiline: { type: "boolean", short: "U" },
  context: { type: "string", short: "C" },
  "before-context": { type: "string", short: "B" },
  "after-context": { type: "string", short: "A" },
  "max-count": { type: "string", short: "m" },
  "max-columns": { type: "string", short: "M" },
  "files-with-matches": { type: "boolean", short: "l" },
  count: { type: "boolean", short: "c" },
  sort: { type: "string" },
} as const;

export const command: Command = {
  help: HELP,
  errorExit: SEARCH_EXIT.error,
  patternAdvice: (pattern) =>
    /\\[nrs]|\n/.test(pattern)
      ? "A match that spans lines needs -U (--multiline); a text that is no regular expression, -F (--fixed-strings)."
      : "To search for it as it stands, add -F (--fixed-strings).",
  run: async (args, environment) => {
    const request = parseRequest(args, environment);
    const search = await environment.openSearch();
    try {
      return await printPages(search, request, environment);
    } finally {
      await search.close();
    }
  },
};

function parseRequest(args: readonly string[], environment: Environment): Request {
  const { values, positionals, tokens } = parse(attached(args), OPTIONS);
  const named = values.regexp ?? [];
  const rest = [...positionals];
  const patterns = named.length > 0 ? named : rest.splice(0, 1);
  if (patterns.length === 0) throw new UsageError("the pattern is missing");
  atMost(rest, 1, "Give one PATH, or a folder and --glob; put a pattern with spaces in quotes.");
  if (values.count && values["files-with-matches"]) throw new UsageError("-l and -c exclude each other");
  const where = place(environment.directory, rest[0]);
  const literal = values["fixed-strings"] ?? false;
  const around = integer(values.context, "--context", 0) ?? 0;
  const maxPerFile = integer(values["max-count"], "--max-count", 1);
  const sort = choice(values.sort, "--sort", ["path", "relevance"]);
  const options: GrepOptions = {
    ...selection(values, where),
    ...joined(patterns, literal),
    case: caseMode(tokens),
    word: values["word-regexp"] ?? false,
    multiline: values.multiline ?? false,
    before: integer(values["before-context"], "--before-context", 0) ?? around,
    after: integer(values["after-context"], "--after-context", 0) ?? around,
    ...(maxPerFile !== undefined && { maxPerFile }),
    maxLineBytes: integer(values["max-columns"], "--max-columns", 1) ?? 2_000,
    mode: values.count ? "counts" : values["files-with-matches"] ? "files" : "matches",
    ...(sort && { sort }),
  };
  return {
    options,
    place: where satisfies Place,
    limit: integer(values.limit, "--limit", 1) ?? Number.POSITIVE_INFINITY,
    json: values.json ?? false,
  };
}

/** `-e -x` means the pattern `-x`, which `parseArgs` takes for a mistake. */
function attached(args: readonly string[]): string[] {
  const result: string[] = [];
  for (let at = 0; at < args.length; at++) {
    const arg = args[at] ?? "";
    const next = args[at + 1];
    if (arg === "--") return [...result, ...args.slice(at)];
    if ((arg === "-e" || arg === "--regexp") && next !== undefined) {
      result.push(`--regexp=${next}`);
      at++;
    } else result.push(arg);
  }
  return result;
}

/** Several patterns as one: a match of any of them. */
function joined(patterns: readonly string[], literal: boolean): { pattern: string; literal: boolean } {
  const [first = ""] = patterns;
  if (patterns.length === 1) return { pattern: first, literal };
  const escaped = literal
    ? patterns.map((one) => one.replaceAll(/[\\^$.|?*+()[\]{}&~#-]/g, "\\$&"))
    : patterns;
  return { pattern: escaped.map((one) => `(?:${one})`).join("|"), literal: false };
}

const CASES = {
  "ignore-case": "insensitive",
  "smart-case": "smart",
  "case-sensitive": "sensitive",
} as const;

/** The last of the flags wins, as in ripgrep. */
function caseMode(tokens: readonly { kind: string; name?: string }[]): NonNullable<GrepOptions["case"]> {
  const name = tokens.findLast((token) => Object.hasOwn(CASES, token.name ?? ""))?.name;
  return CASES[name as keyof typeof CASES] ?? "sensitive";
}
