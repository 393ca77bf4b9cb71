import type { ToolDefinition } from "@opencode-ai/plugin";
import * as z from "zod";
import {
  ask,
  delegate,
  report,
  reportSchema,
  retry,
  submitPlan,
  unapprovedCommands,
  verdict,
  verdictSchema,
  widen,
} from "../engine/index.js";
import { MissionError, planSchema, planTaskSchema, projectGlobSchema } from "../mission/index.js";
import { askForCommands, isRefusal } from "./consent.js";
import { type CallContext, defineTool, type ToolPorts } from "./context.js";

/** The tools of a mission's agents. */
export function missionTools(ports: ToolPorts): Record<string, ToolDefinition> {
  return {
    mission_plan: planTool(ports),
    mission_board: boardTool(ports),
    mission_control: controlTool(ports),
    task_report: reportTool(ports),
    task_widen: defineTool({
      description:
        "Ask for more files in your task's write set. Granted unless another task holds them; everybody sees it.",
      args: {
        globs: z.array(projectGlobSchema).min(1).max(20).describe("Files or folders, as narrow as you can"),
        reason: z.string().trim().min(1).max(500).describe("Why the task cannot be done without them"),
      },
      execute: async (args, context) => {
        const engine = await ports.engine();
        const task = engine.assignment(context.sessionID)?.task ?? "";
        const writes = await widen(engine, context.sessionID, task, args.globs, args.reason);
        return `Granted. The write set is now: ${writes.join(", ")}`;
      },
    }),
    review_verdict: defineTool({
      description: "Accept or reject the task that you were given to review. Ends your work.",
      args: verdictSchema.shape,
      execute: async (args, context) => verdict(await ports.engine(), context.sessionID, args),
    }),
    delegate: defineTool({
      description:
        "Add one task beside the plan, for another Worker. It runs in parallel; its write set must not meet others'.",
      args: planTaskSchema.shape,
      execute: async (args, context) => {
        await delegate(await ports.engine(), context.sessionID, args);
        return `Task ${args.id} is added.`;
      },
    }),
  };
}

function planTool(ports: ToolPorts): ToolDefinition {
  // The shape only informs the model: the engine parses, so that a refusal lists graph problems too.
  const args = planSchema.shape;
  return {
    description: "Submit the whole plan of the mission: a graph of tasks. Refused with reasons, or accepted.",
    args,
    execute: async (input: unknown, context: CallContext) =>
      submitPlan(await ports.engine(), context.sessionID, input),
  } as unknown as ToolDefinition;
}

function boardTool(ports: ToolPorts): ToolDefinition {
  return defineTool({
    description:
      "The mission's tasks and their states, of a long list only what has changed. With wait, returns when the " +
      "mission needs you or has ended.",
    args: { wait: z.boolean().default(false), whole: z.boolean().default(false) },
    execute: async ({ wait, whole }, context) => {
      const engine = await ports.engine();
      const mission = engine.assignment(context.sessionID)?.mission;
      if (!mission) throw new MissionError("ERR_NO_MISSION", "this session has no mission");
      if (wait) context.metadata({ title: `Mission ${mission}` });
      const board = await engine.board(mission, wait ? context.abort : undefined);
      return ports.boards.show(context.sessionID, board, whole);
    },
  });
}

const ACTIONS = ["pause", "resume", "cancel", "retry", "widen", "ask"] as const;

function controlTool(ports: ToolPorts): ToolDefinition {
  return defineTool({
    description:
      "Steer the mission. retry: task, and a note that names the cause. widen: task and globs. ask: a question " +
      "to the user as text; the mission holds until /resume. cancel: only when the user wants it.",
    args: {
      action: z.enum(ACTIONS),
      task: z.string().optional(),
      text: z.string().trim().max(4_000).optional().describe("Note, reason or question"),
      globs: z.array(projectGlobSchema).max(100).optional(),
    },
    execute: async (args, context) => {
      const engine = await ports.engine();
      const session = context.sessionID;
      const { run } = await engine.speaker(session, "commander");
      const task = () => args.task ?? fail("task is missing: give the task's id");
      if (args.action === "pause") await engine.pause(run.id, args.text ?? "paused by the Commander");
      else if (args.action === "resume") await engine.resume(run.id);
      else if (args.action === "cancel")
        await engine.cancel(run.id, args.text ?? "cancelled by the Commander");
      else if (args.action === "retry") await retry(engine, session, task(), args.text);
      else if (args.action === "widen")
        await widen(
          engine,
          session,
          task(),
          args.globs ?? fail("globs is missing: give the globs to add"),
          args.text,
        );
      else await ask(engine, session, args.text ?? fail("text is missing: give the question"));
      return ports.boards.show(session, await engine.board(run.id), false);
    },
  });
}

function reportTool(ports: ToolPorts): ToolDefinition {
  return defineTool({
    description: "Report the end of your task. The checks run after it.",
    args: reportSchema.shape,
    execute: async (args, context) => {
      const engine = await ports.engine();
      const approved = args.state === "done" ? await unapprovedCommands(engine, context.sessionID) : [];
      let outcome = args;
      try {
        await askForCommands(approved, context);
      } catch (error) {
        if (!isRefusal(error)) throw error;
        const reason = `the user did not allow the commands that check this task (${approved.join("; ")})`;
        outcome = {
          state: "blocked",
          summary: `${reason}. ${error instanceof Error ? error.message : ""}`.trim(),
        };
      }
      const changedFiles = ports.changedFiles(context.sessionID);
      return report(engine, context.sessionID, outcome, {
        changedFiles,
        approved: outcome === args ? approved : [],
      });
    },
  });
}

function fail(message: string): never {
  throw new MissionError("ERR_INVALID_STATE", message);
}
