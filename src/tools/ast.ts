import type { ToolDefinition } from "@opencode-ai/plugin";
import * as z from "zod";
import { astRewrite, astSearch, outline } from "../native/index.js";
import { defineTool, type SearchPorts } from "./context.js";
import { BoundedOutput, count } from "./output.js";
import { searchScope, worktreePath } from "./paths.js";

const MAX_MATCHES = 100;
const MAX_SNIPPET_LINES = 6;

export function astTools(ports: SearchPorts): Record<string, ToolDefinition> {
  return {
    ast_search: searchTool(ports),
    ast_rewrite: rewriteTool(ports),
    outline: outlineTool(ports),
  };
}

const language = z.string().optional().describe("Such as typescript; default: by extension");
const path = z.string().optional().describe("Folder or file; default: the project");

function searchTool({ directory }: SearchPorts): ToolDefinition {
  return defineTool({
    description: "Search code by shape: $A is one node, $$$A any number, such as `console.log($$$A)`.",
    args: { pattern: z.string().min(1).max(4_000), language, path },
    execute: async (args, context) => {
      const { root, prefix } = await searchScope(directory, args.path, context);
      const result = await astSearch(
        {
          path: root,
          pattern: args.pattern,
          maxMatches: MAX_MATCHES,
          ...(args.language !== undefined && { language: args.language }),
        },
        context.abort,
      );
      if (result.total === 0) return `No matches in ${count(result.filesSearched, "file")}.`;
      const output = new BoundedOutput();
      let file: string | undefined;
      for (const match of result.matches) {
        const heading =
          match.path === file ? [] : [`${file === undefined ? "" : "\n"}${prefix}${match.path}`];
        file = match.path;
        output.add(...heading, ...snippet(match.span.line, match.text));
      }
      const left = result.leftOut + output.omitted;
      const more = left > 0 ? `; ${left} not shown: narrow the pattern or the path` : "";
      return `${count(result.total, "match", "matches")} in ${count(result.filesMatched, "file")}${more}\n\n${output.text()}`;
    },
  });
}

function snippet(line: number, text: string): string[] {
  const lines = text.split("\n");
  const shown = lines
    .slice(0, MAX_SNIPPET_LINES)
    .map((one, index) => `${line + index}: ${one.replace(/\r$/, "")}`);
  const rest = lines.length - shown.length;
  return rest > 0 ? [...shown, `   … ${count(rest, "more line")}`] : shown;
}

function rewriteTool({ directory, assertWritable, recordChanged }: SearchPorts): ToolDefinition {
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
      const preview = await astRewrite(
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
        await preview.apply();
        recordChanged(context.sessionID, paths);
        return `Written: ${scope}.`;
      }
      const output = new BoundedOutput();
      for (const file of preview.files) output.add(file.diff);
      const hidden = output.omitted > 0 ? ` (${count(output.omitted, "diff")} not shown)` : "";
      return `${scope}${hidden}. Nothing is written yet: call again with apply.\n\n${output.text()}`;
    },
  });
}

function outlineTool({ directory }: SearchPorts): ToolDefinition {
  return defineTool({
    description: "List the symbols that a source file declares, with their lines.",
    args: { path: z.string() },
    execute: async (args, context) => {
      const { root } = await searchScope(directory, args.path, context);
      const symbols = await outline(root, context.abort);
      if (symbols.length === 0) return "No symbols.";
      const output = new BoundedOutput();
      for (const { depth, kind, name, span } of symbols)
        output.add(`${"  ".repeat(depth)}${kind} ${name} ${span.line}-${span.endLine}`);
      return output.text() + (output.omitted > 0 ? `\n${output.omitted} more not shown` : "");
    },
  });
}
