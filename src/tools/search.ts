import type { ToolDefinition } from "@opencode-ai/plugin";
import * as z from "zod";
import { type GrepMatch, type GrepResult, glob, grep } from "../native/index.js";
import { astTools } from "./ast.js";
import { defineTool, type SearchPorts } from "./context.js";
import { BoundedOutput, count } from "./output.js";
import { searchScope } from "./paths.js";

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 1_000;
/** A minified line is clipped around its match. */
const MAX_LINE_BYTES = 400;

/** The search tools, offered to every session. `grep` and `glob` stand in for the host's. */
export function searchTools(ports: SearchPorts): Record<string, ToolDefinition> {
  return { grep: grepTool(ports), glob: globTool(ports), ...astTools(ports) };
}

function grepTool({ directory }: SearchPorts): ToolDefinition {
  return defineTool({
    description: "Search file contents with a regular expression (Rust syntax). Respects .gitignore.",
    args: {
      pattern: z.string().min(1),
      path: z.string().optional().describe("Folder or file; default: the project"),
      include: z.string().optional().describe('Glob, such as "*.{ts,tsx}"'),
      ignoreCase: z.boolean().default(false),
      literal: z.boolean().default(false).describe("Pattern is plain text"),
      context: z.number().int().min(0).max(20).default(0).describe("Lines around"),
      limit: z.number().int().min(1).max(MAX_LIMIT).default(DEFAULT_LIMIT),
    },
    execute: async (args, context) => {
      const { root, prefix } = await searchScope(directory, args.path, context);
      const result = await grep(
        {
          path: root,
          pattern: args.pattern,
          include: args.include ? [args.include] : [],
          case: args.ignoreCase ? "insensitive" : "sensitive",
          literal: args.literal,
          multiline: args.pattern.includes("\n") || (!args.literal && /(?<!\\)(\\\\)*\\n/.test(args.pattern)),
          before: args.context,
          after: args.context,
          maxMatches: args.limit,
          maxLineBytes: MAX_LINE_BYTES,
        },
        context.abort,
      );
      return renderMatches(result, prefix);
    },
  });
}

/** Matches grouped by file, as `line: text`; context lines as `line- text`. */
function renderMatches(result: GrepResult, prefix: string): string {
  const output = new BoundedOutput();
  const shown = new Set<string>();
  let file: string | undefined;
  for (const match of result.matches) {
    const lines = matchLines(match, shown);
    if (match.path !== file) lines.unshift(`${file === undefined ? "" : "\n"}${prefix}${match.path}`);
    file = match.path;
    if (lines.length > 0) output.add(...lines);
  }
  const total = `${result.totalExact ? "" : "at least "}${count(result.total, "match", "matches")}`;
  const head = result.total === 0 ? "No matches." : `${total} in ${count(result.filesMatched, "file")}`;
  const notes = [head];
  const left = result.total - result.matches.length + output.omitted;
  if (left > 0) notes.push(`${left} not shown: narrow the pattern or the path, or raise limit`);
  if (result.unreadable.length > 0)
    notes.push(`${count(result.unreadable.length, "file")} could not be read`);
  return [notes.join("; "), output.text()].filter((part) => part !== "").join("\n\n");
}

function matchLines(match: GrepMatch, shown: Set<string>): string[] {
  const lines: string[] = [];
  const add = (line: number, mark: string, text: string) => {
    const place = `${match.path}:${line}`;
    if (shown.has(place)) return;
    shown.add(place);
    lines.push(`${line}${mark} ${text}`);
  };
  for (const before of match.before) add(before.line, "-", before.text);
  const clip = match.clipped ? ` [column ${match.column}; line clipped]` : "";
  match.text.split("\n").forEach((text, index) => {
    add(match.line + index, ":", text.replace(/\r$/, "") + (index === 0 ? clip : ""));
  });
  for (const after of match.after) add(after.line, "-", after.text);
  return lines;
}

function globTool({ directory }: SearchPorts): ToolDefinition {
  return defineTool({
    description: "Find files by glob, newest first. Respects .gitignore.",
    args: {
      pattern: z.string().min(1).describe('Such as "src/**/*.ts"'),
      path: z.string().optional().describe("Folder; default: the project"),
      limit: z.number().int().min(1).max(MAX_LIMIT).default(DEFAULT_LIMIT),
    },
    execute: async (args, context) => {
      const { root, prefix } = await searchScope(directory, args.path, context);
      const result = await glob({ path: root, patterns: [args.pattern], limit: args.limit }, context.abort);
      if (result.total === 0) return "No files.";
      const output = new BoundedOutput();
      for (const path of result.paths) output.add(prefix + path);
      const left = result.leftOut + output.omitted;
      const more = left > 0 ? `\n${left} more not shown: narrow the pattern, or raise limit` : "";
      return output.text() + more;
    },
  });
}
