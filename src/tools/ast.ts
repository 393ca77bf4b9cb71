import type { ToolDefinition } from "@opencode-ai/plugin";
import * as z from "zod";
import type { AstSearchResult, FileEdit } from "../native/index.js";
import { defineTool, type SearchPorts } from "./context.js";
import { BoundedOutput, clippedLines, clippedText, count, MAX_BYTES, unreadableNote } from "./output.js";
import { searchScope, worktreePath } from "./paths.js";

const MAX_MATCHES = 100;
const MAX_SNIPPET_LINES = 6;
const MAX_LINE_BYTES = 400;
/** A variable is shown beside code that is cut, as long as it is shorter than the code. */
const MAX_VARIABLE_BYTES = 60;
/** For what stands around the matches. */
const RESERVED_BYTES = 2 * 1024;
/** One file's part of a preview, so that the first leaves room for others. */
const MAX_DIFF_BYTES = 12 * 1024;
/** For the list of the files whose diffs are not shown. */
const LIST_BYTES = 6 * 1024;
const LIST_LINES = 250;
const DIFF_LINES = 1_600;

export function astTools(ports: SearchPorts): Record<string, ToolDefinition> {
  return {
    ast_search: searchTool(ports),
    ast_rewrite: rewriteTool(ports),
    outline: outlineTool(ports),
  };
}

const language = z.string().optional().describe("Such as typescript; default: by extension");
const path = z.string().optional().describe("Folder or file; default: the project");

function searchTool({ directory, search }: SearchPorts): ToolDefinition {
  return defineTool({
    description: "Search code by shape: $A is one node, $$$A any number, such as `console.log($$$A)`.",
    args: {
      pattern: z.string().min(1).max(4_000).optional(),
      rule: z.string().min(1).max(16_000).optional().describe("Instead of pattern: ast-grep rule, YAML"),
      language,
      path,
    },
    execute: async (args, context) => {
      const { root, prefix } = await searchScope(directory, args.path, context);
      const { pattern, rule } = args;
      if ((pattern === undefined) === (rule === undefined))
        throw new Error("Give either pattern, such as `console.log($$$A)`, or rule.");
      const result = await search.astSearch(
        {
          path: root,
          ...(pattern !== undefined && { pattern }),
          ...(rule !== undefined && { rule }),
          maxMatches: MAX_MATCHES,
          ...(args.language !== undefined && { language: args.language }),
        },
        context.abort,
      );
      return renderMatches(result, prefix);
    },
  });
}

function renderMatches(result: AstSearchResult, prefix: string): string {
  const unreadable = unreadableNote(result.unreadable, prefix);
  if (result.total === 0) {
    const searched = count(result.filesSearched, "file");
    const skipped = result.filesSkipped > 0 ? `; ${result.filesSkipped} of other languages` : "";
    return [`No matches in ${searched}${skipped}.`, ...unreadable].join("\n");
  }
  const output = new BoundedOutput(MAX_BYTES - RESERVED_BYTES);
  let file: string | undefined;
  for (const match of result.matches) {
    const heading = match.path === file ? [] : [`${file === undefined ? "" : "\n"}${prefix}${match.path}`];
    file = match.path;
    output.add(...heading, ...snippet(match.span.line, match.text, match.variables));
  }
  const left = result.leftOut + output.omitted;
  const more = left > 0 ? `; ${left} not shown: narrow the pattern or the path` : "";
  const head = `${count(result.total, "match", "matches")} in ${count(result.filesMatched, "file")}${more}`;
  return [head, output.text(), ...unreadable].join("\n\n");
}

function snippet(
  line: number,
  text: string,
  variables: Readonly<Record<string, readonly string[]>>,
): string[] {
  const lines = text.split("\n").map((one) => one.replace(/\r$/, ""));
  const shown = lines.slice(0, MAX_SNIPPET_LINES).map((one, index) => `${line + index}: ${clippedLine(one)}`);
  const rest = lines.length - shown.length;
  if (rest > 0) shown.push(`   … ${count(rest, "more line")}`);
  // Of code that is shown in one whole line, they repeat a part.
  const isCut = lines.length > 1 || Buffer.byteLength(text) > MAX_LINE_BYTES;
  return isCut ? [...shown, ...shortVariables(variables)] : shown;
}

function shortVariables(variables: Readonly<Record<string, readonly string[]>>): string[] {
  const short = Object.entries(variables)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, nodes]) => ({ name, text: nodes.join(" ") }))
    .filter(({ text }) => !text.includes("\n") && Buffer.byteLength(text) <= MAX_VARIABLE_BYTES)
    .map(({ name, text }) => `$${name} = ${text}`);
  return short.length > 0 ? [`   (${short.join(", ")})`] : [];
}

function clippedLine(line: string): string {
  const shown = clippedText(line, MAX_LINE_BYTES);
  return shown === line ? line : `${shown} [line clipped]`;
}

function rewriteTool({
  directory,
  search,
  assertWritable,
  recordChanged,
  editing,
  edited,
}: SearchPorts): ToolDefinition {
  return defineTool({
    description:
      "Replace code by shape, in all files at once. Shows the diff; with apply, writes all files or none.",
    args: {
      pattern: z.string().min(1).describe("As in ast_search"),
      replacement: z.string().describe("May use $A and $$$A"),
      language,
      path,
      apply: z.boolean().default(false),
    },
    execute: async (args, context) => {
      const { root, prefix } = await searchScope(directory, args.path, context);
      const preview = await search.astRewrite(
        {
          path: root,
          pattern: args.pattern,
          replacement: args.replacement,
          root: directory,
          ...(args.language !== undefined && { language: args.language }),
        },
        context.abort,
      );
      if (preview.files.length === 0) return "No matches: nothing to rewrite.";
      const edits = preview.files.reduce((sum, file) => sum + file.edits, 0);
      const scope = `${count(edits, "replacement")} in ${count(preview.files.length, "file")}`;
      if (args.apply) {
        const paths = preview.files.map((file) => prefix + file.path);
        await assertWritable(context.sessionID, paths);
        // A rewrite is an edit of each of its files: the same rules of the user's apply.
        await context.ask({
          permission: "edit",
          patterns: paths.map((file) => worktreePath(directory, file, context.worktree)),
          always: ["*"],
          metadata: { filepath: paths.join(", "), diff: preview.files.map((file) => file.diff).join("\n") },
        });
        const call = `rewrite ${paths[0]}`;
        await editing(context.sessionID, call, paths);
        try {
          await preview.apply();
        } finally {
          await edited(context.sessionID, call, paths);
        }
        recordChanged(context.sessionID, paths);
        return `Written: ${scope}.`;
      }
      return `${scope}. Nothing is written yet: call again with apply.\n\n${renderDiffs(preview.files, prefix)}`;
    },
  });
}

/** The first diffs, then a list of the files whose diffs did not fit. */
function renderDiffs(files: readonly FileEdit[], prefix: string): string {
  const diffs = new BoundedOutput(MAX_BYTES - RESERVED_BYTES - LIST_BYTES, DIFF_LINES);
  for (const file of files) diffs.add(clippedLines(named(file, prefix), MAX_DIFF_BYTES));
  const hidden = diffs.omitted > 0 ? files.slice(-diffs.omitted) : [];
  const list = new BoundedOutput(LIST_BYTES, LIST_LINES);
  for (const file of hidden)
    list.add(`${prefix}${file.path}: ${count(file.edits, "replacement")}${warning(file)}`);
  const broken = files.slice(0, files.length - hidden.length).filter((file) => file.breaksSyntax);
  return [
    ...broken.slice(0, 20).map((file) => `${prefix}${file.path}${warning(file)}`),
    diffs.text(),
    ...(hidden.length > 0 ? [`Diffs not shown of ${count(hidden.length, "file")}:\n${list.text()}`] : []),
    ...(list.omitted > 0 ? [`… and ${count(list.omitted, "more file")}`] : []),
  ].join("\n");
}

/** The diff, with its file named as other tools name it. */
function named({ path, diff }: FileEdit, prefix: string): string {
  const shown = prefix + path;
  return diff
    .replace(`--- a/${path}\n+++ b/${path}\n`, () => `--- a/${shown}\n+++ b/${shown}\n`)
    .replace(/\n$/, "");
}

function warning(file: FileEdit): string {
  return file.breaksSyntax ? " would no longer parse" : "";
}

function outlineTool({ directory, search }: SearchPorts): ToolDefinition {
  return defineTool({
    description: "List the symbols that a source file declares, with their lines.",
    args: { path: z.string() },
    execute: async (args, context) => {
      const { root, isFile } = await searchScope(directory, args.path, context);
      if (!isFile)
        throw new Error(`${args.path} is a folder: give a source file; glob lists those of a folder.`);
      const symbols = await search.outline(root, context.abort);
      if (symbols.length === 0) return "No symbols.";
      const output = new BoundedOutput(MAX_BYTES - RESERVED_BYTES);
      for (const { depth, kind, name, span } of symbols)
        output.add(`${"  ".repeat(depth)}${kind} ${name} ${span.line}-${span.endLine}`);
      return output.text() + (output.omitted > 0 ? `\n${output.omitted} more not shown` : "");
    },
  });
}
