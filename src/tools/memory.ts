import type { ToolDefinition } from "@opencode-ai/plugin";
import * as z from "zod";
import { MEMORY_TIERS, type Memory, type Standpoint } from "../memory/index.js";
import { ROLES } from "../mission/index.js";
import { defineTool, type ToolPorts } from "./context.js";

/** Notes that agents keep for one another. */
export function memoryTool(ports: ToolPorts & { readonly memory: () => Promise<Memory> }): ToolDefinition {
  return defineTool({
    description:
      "Notes shared by the agents. remember: a decision or fact that others need (tier: task, mission or project). " +
      "recall: by words. forget: by id.",
    args: {
      action: z.enum(["remember", "recall", "forget"]),
      text: z.string().trim().max(4_000).default("").describe("The note, or the words to look for"),
      tier: z.enum(MEMORY_TIERS).default("mission"),
      id: z.string().optional(),
    },
    execute: async (args, context) => {
      const { assignment, actor } = (await ports.engine()).member(context.sessionID, ...ROLES);
      const from: Standpoint = { author: actor, mission: assignment.mission, task: assignment.task };
      const memory = await ports.memory();
      if (args.action === "recall") {
        const items = memory.recall(from, args.text);
        return (
          items.map((item) => `${item.id} (${item.tier}) ${item.text}`).join("\n") ||
          "Nothing is noted about that."
        );
      }
      if (args.action === "forget") {
        const gone = args.id !== undefined && (await memory.forget(from, args.id));
        return gone ? `${args.id} is forgotten.` : `There is no note ${args.id ?? "without an id"}.`;
      }
      if (args.text === "") throw new Error("text is missing: give the note");
      return `Noted as ${(await memory.remember(from, args.tier, args.text)).id}.`;
    },
  });
}
