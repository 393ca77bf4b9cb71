import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { AstSearchOptions, CodeSearch } from "../native/index.js";
import {
  atMost,
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
import { colouredDiff, paint, paintPath } from "./lines.js";
import { noteLeftOut, noteUnreadable } from "./notes.js";

const HELP = `Usage: opencode-orchestrator ast [options] PATTERN [PATH]
       opencode-orchestrator ast [options] --rule FILE [PATH]

Finds code by its shape. In PATTERN (in single quotes: the shell expands $), $A stands for one node and $$$A for any
number: 'console.log($$$ARGS)'. PATH is a folder or a file; default: the current folder.

      --rule FILE      an ast-grep rule (YAML) instead of a pattern
      --lang LANGUAGE  only files of this language, such as typescript; default: each file in its own
      --rewrite TEMPLATE   what to put in place of each match; shows the diff and writes nothing
      --apply          writes what --rewrite shows: all files or none
${FILE_HELP}
                       (default of --limit: 10000; --rewrite takes none)

An object of --json has path, line, column, endLine, endColumn, byteStart, byteEnd, language, text, variables; with --rewrite:
path, edits, nested (matches inside a replaced one, passed over), breaksSyntax, diff.

Exit codes: 0 found, 1 nothing found, 2 wrong usage or an error (also a file that could not be read).
`;

const OPTIONS = {
  ...FILE_OPTIONS,
  rule: { type: "string" },
  lang: { type: "string" },
  rewrite: { type: "string" },
  apply: { type: "boolean" },
} as const;

/** Matches have no pages: their text is in memory at once. */
const DEFAULT_LIMIT = 10_000;

export const command: Command = {
  help: HELP,
  errorExit: SEARCH_EXIT.error,
  patternAdvice: () =>
    "A pattern is whole code of the language, such as 'foo($A)' and not 'foo(': --lang names the language; text that is no code is for grep.",
  run: async (args, environment) => {
    const { values, positionals } = parse(args, OPTIONS);
    const rest = [...positionals];
    const pattern = values.rule === undefined ? rest.shift() : undefined;
    if (values.rule === undefined && pattern === undefined)
      throw new UsageError("the pattern is missing: give one, or --rule");
    atMost(rest, 1, "Put the pattern in single quotes; beside --rule there is none.");
    if (values.apply && values.rewrite === undefined) throw new UsageError("--apply goes with --rewrite");
    const limit = integer(values.limit, "--limit", 1);
    if (limit !== undefined && values.rewrite !== undefined)
      throw new UsageError("--limit does not go with --rewrite: narrow it with PATH or --glob");
    const where = place(environment.directory, rest[0]);
    const options: AstSearchOptions = {
      ...selection(values, where),
      ...(pattern !== undefined && { pattern }),
      ...(values.rule !== undefined && { rule: await ruleFile(environment.directory, values.rule) }),
      ...(values.lang !== undefined && { language: values.lang }),
    };
    const search = await environment.openSearch();
    try {
      const to = { where, json: values.json ?? false, environment };
      if (values.rewrite !== undefined)
        return await rewrite(search, { ...options, replacement: values.rewrite }, values.apply ?? false, to);
      return await find(search, { ...options, maxMatches: limit ?? DEFAULT_LIMIT }, to);
    } finally {
      await search.close();
    }
  },
};

async function ruleFile(directory: string, path: string): Promise<string> {
  try {
    return await readFile(resolve(directory, path), "utf8");
  } catch (error) {
    throw new UsageError(`--rule ${path} cannot be read: ${error instanceof Error ? error.message : error}`);
  }
}

interface Destination {
  readonly where: Place;
  readonly json: boolean;
  readonly environment: Environment;
}

async function find(search: CodeSearch, options: AstSearchOptions, to: Destination): Promise<number> {
  const { where, json, environment } = to;
  const { out, terminal, colour } = environment;
  const found = await search.astSearch(options, environment.signal);
  let heading: string | undefined;
  for (const { path, span, text, language, variables } of found.matches) {
    const shown = where.show(path);
    if (json) {
      await out.json({ path: shown, ...span, language, text, variables });
      continue;
    }
    if (terminal && heading !== shown)
      await out.line(`${heading === undefined ? "" : "\n"}${paintPath(shown, colour)}`);
    heading = shown;
    const place = terminal ? "" : `${paintPath(shown, colour)}:`;
    for (const [index, line] of text.split("\n").entries())
      await out.line(
        `${place}${paint(String(span.line + index), "\u001b[32m", colour)}:${line.replace(/\r$/, "")}`,
      );
  }
  const { total, filesMatched, filesSearched, filesSkipped, leftOut } = found;
  const unreadable = found.unreadable.map(({ path, message }) => ({ path: where.show(path), message }));
  const summary = { total, totalExact: true, filesMatched, filesSearched, filesSkipped, leftOut, unreadable };
  if (json) await out.json({ summary });
  else {
    noteLeftOut(summary, "match", ["--limit"], environment);
    noteUnreadable(unreadable, environment);
    if (filesSearched === 0)
      environment.warn(
        "No file was searched: none is of a language in which the pattern is code; see --lang.",
      );
  }
  if (unreadable.length > 0) return SEARCH_EXIT.error;
  return total > 0 ? SEARCH_EXIT.found : SEARCH_EXIT.nothing;
}

async function rewrite(
  search: CodeSearch,
  options: Parameters<CodeSearch["astRewrite"]>[0],
  apply: boolean,
  { where, json, environment }: Destination,
): Promise<number> {
  const { out, colour, warn, signal } = environment;
  const preview = await search.astRewrite(options, signal);
  const edits = preview.files.reduce((sum, file) => sum + file.edits, 0);
  if (apply && edits > 0) {
    signal.throwIfAborted();
    await preview.apply();
  }
  for (const { path, diff, ...file } of preview.files) {
    const shown = where.show(path);
    const named = diff.replace(`--- a/${path}\n+++ b/${path}\n`, () => `--- a/${shown}\n+++ b/${shown}\n`);
    if (json) await out.json({ path: shown, ...file, diff: named });
    else if (apply) await out.line(`${paintPath(shown, colour)}: ${replacements(file.edits)}`);
    else await out.write(colour ? colouredDiff(named) : named);
    if (!json && file.breaksSyntax) warn(`${shown} would not parse after it: look at its diff.`);
  }
  if (json)
    await out.json({
      summary: {
        total: edits,
        totalExact: true,
        filesMatched: preview.files.length,
        leftOut: 0,
        applied: apply,
      },
    });
  else if (edits > 0 && !apply)
    warn(
      `${replacements(edits)} in ${preview.files.length} ${preview.files.length === 1 ? "file" : "files"}. Nothing is written: add --apply.`,
    );
  return edits > 0 ? SEARCH_EXIT.found : SEARCH_EXIT.nothing;
}

function replacements(number: number): string {
  return `${number} ${number === 1 ? "replacement" : "replacements"}`;
}
