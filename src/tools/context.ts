import type { ToolContext, ToolDefinition } from "@opencode-ai/plugin";
import * as z from "zod";
import { describeIssue, type MissionEngine } from "../engine/index.js";
import type { SeenBoards } from "../mission/index.js";
import type { CodeSearch } from "../native/index.js";

/** What the tools of a project work with. The engine is opened by the first tool that needs it. */
export interface ToolPorts {
  readonly directory: string;
  readonly engine: () => Promise<MissionEngine>;
  /** Files that a session's tools have changed, relative to the project. */
  readonly changedFiles: (session: string) => readonly string[];
  readonly boards: SeenBoards;
}

/** What the search tools work with. */
export interface SearchPorts {
  readonly directory: string;
  readonly search: CodeSearch;
  /** Throws when the session may not change one of the files, given relative to the project. */
  readonly assertWritable: (session: string, paths: readonly string[]) => Promise<void>;
  /** Files that a tool of the session has changed. */
  readonly recordChanged: (session: string, paths: readonly string[]) => void;
  /** A tool of the session is about to change these files; and has done so, or changed none. */
  readonly editing: (session: string, call: string, paths: readonly string[]) => Promise<void>;
  readonly edited: (session: string, call: string, paths: readonly string[]) => Promise<void>;
}

/** What our tools use of the host's tool context. */
export type CallContext = Pick<ToolContext, "sessionID" | "abort" | "ask" | "metadata" | "worktree">;

/**
 * A tool whose arguments we parse ourselves: the host passes on whatever the model sent. A refusal is text that
 * the model can act on.
 */
export function defineTool<Shape extends z.ZodRawShape>(definition: {
  readonly description: string;
  readonly args: Shape;
  readonly execute: (args: z.output<z.ZodObject<Shape>>, context: CallContext) => Promise<string>;
}): ToolDefinition {
  const schema = z.strictObject(definition.args);
  const execute = async (input: unknown, context: CallContext): Promise<string> => {
    const parsed = schema.safeParse(input);
    if (!parsed.success)
      throw new Error(
        `The arguments do not fit:\n${parsed.error.issues
          .slice(0, 20)
          .map((issue) => `- ${describeIssue(issue)}`)
          .join("\n")}`,
      );
    return definition.execute(parsed.data as z.output<z.ZodObject<Shape>>, context);
  };
  return {
    description: definition.description,
    args: definition.args,
    execute,
  } as unknown as ToolDefinition;
}
