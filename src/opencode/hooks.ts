import type { Hooks } from "@opencode-ai/plugin";
import type { Hook, HookRegistry } from "../hooks/index.js";
import { MissionError, type SeenBoards } from "../mission/index.js";
import { memoryFile, todoFile } from "../node/index.js";
import { budget } from "./budget.js";
import type { ChangedFiles } from "./changes.js";
import { type MissionCommand, runCommand } from "./commands.js";
import { contextHooks } from "./context-hooks.js";
import { editedFile, sessionEvent } from "./events.js";
import { guardCall } from "./guard.js";
import type { OpenCodeHost } from "./host.js";
import type { OpenedProject } from "./opened-project.js";
import type { SessionContext } from "./session-context.js";
import { effectOf, namedPaths } from "./tool-effects.js";
import { writeWatch } from "./write-watch.js";

type Input<Point extends keyof Hooks> = Parameters<Extract<Hooks[Point], (...input: never[]) => unknown>>;

/** The points of the host that our hooks hang at, with what the host passes there. */
export type HostPoints = {
  readonly event: Input<"event">;
  readonly "command.execute.before": Input<"command.execute.before">;
  readonly "chat.message": Input<"chat.message">;
  readonly "chat.params": Input<"chat.params">;
  readonly "tool.execute.before": Input<"tool.execute.before">;
  readonly "tool.execute.after": Input<"tool.execute.after">;
  readonly "experimental.chat.system.transform": Input<"experimental.chat.system.transform">;
  readonly "experimental.chat.messages.transform": Input<"experimental.chat.messages.transform">;
  readonly "experimental.session.compacting": Input<"experimental.session.compacting">;
};

const POINTS: readonly (keyof HostPoints)[] = [
  "event",
  "command.execute.before",
  "chat.message",
  "chat.params",
  "tool.execute.before",
  "tool.execute.after",
  "experimental.chat.system.transform",
  "experimental.chat.messages.transform",
  "experimental.session.compacting",
];

export interface HookContext {
  readonly directory: string;
  readonly project: OpenedProject;
  readonly host: OpenCodeHost;
  readonly changed: ChangedFiles;
  readonly boards: SeenBoards;
  readonly sessions: SessionContext;
  /** What is wrong with the options that limit missions: none begins until it is mended. */
  readonly limits: readonly string[];
  /** The mission command that stands under a name; undefined for a command of somebody else's. */
  readonly command: (name: string) => MissionCommand | undefined;
}

/** All that the plugin does at the host's hooks. */
export function pluginHooks(context: HookContext): Hook<HostPoints>[] {
  return [
    guard(context),
    budget(context.project),
    commands(context),
    chosenModel(context),
    changedFiles(context),
    writeWatch(context.directory, context.project),
    todo(context),
    sessions(context),
    ...contextHooks(context),
  ];
}

/** The registry as the host calls it: only the points at which something hangs, since each costs the host a call. */
export function hostHooks(registry: HookRegistry<HostPoints>): Partial<Hooks> {
  const called = POINTS.filter((point) => registry.hangsAt(point));
  return Object.fromEntries(
    called.map((point) => [point, (...input: HostPoints[typeof point]) => registry.run(point, ...input)]),
  );
}

/** Keeps agents of missions from what they may not do. */
function guard({ directory, project }: HookContext): Hook<HostPoints> {
  return {
    name: "guard",
    phase: "early",
    safety: true,
    on: {
      "tool.execute.before": async ({ sessionID: session, tool }, { args }) => {
        const engine = await project.engineIfAny();
        if (!engine) return;
        await guardCall(engine, directory, { session, tool, args });
        await engine.toolCalled(session, tool, args, effectOf(tool, args).kind === "writes");
      },
    },
  };
}

/** Runs /task, /status, /stop and /resume. */
function commands({ project, command, limits }: HookContext): Hook<HostPoints> {
  return {
    name: "commands",
    on: {
      "command.execute.before": async (call, output) => {
        const ours = command(call.command);
        if (!ours) return;
        const engine = async () => {
          if (ours === "task" && limits.length > 0)
            throw new MissionError(
              "ERR_BUDGET",
              `the options that limit missions are not valid: ${limits.join("; ")}. Mend them in opencode.json, and restart.`,
            );
          return project.engine();
        };
        const text = await runCommand(engine, ours, call.sessionID, call.arguments);
        const files = output.parts.filter((part) => part.type === "file");
        output.parts.splice(0, output.parts.length, { type: "text", text } as never, ...files);
      },
    },
  };
}

/** Has a mission follow the model that the user chose, and start with the message that opened it. */
function chosenModel({ project }: HookContext): Hook<HostPoints> {
  return {
    name: "chosen-model",
    on: {
      "chat.message": async ({ sessionID }, { message }) =>
        (await project.engineIfAny())?.rootMessage(sessionID, message.model),
    },
  };
}

/** Remembers which files the agents of missions have edited. */
function changedFiles({ project, changed }: HookContext): Hook<HostPoints> {
  return {
    name: "changed-files",
    on: {
      "tool.execute.after": async ({ tool, args, sessionID }) => {
        const paths = namedPaths(effectOf(tool, args));
        if (paths.length > 0 && (await project.engineIfAny())?.assignment(sessionID))
          changed.record(sessionID, paths);
      },
      event: ({ event }) => {
        const seen = project.isWanted ? sessionEvent(event) : undefined;
        if (seen?.kind === "deleted") changed.forget(seen.session);
      },
    },
  };
}

/** Takes in what somebody has edited in todo.md and memory.md. */
function todo({ directory, project }: HookContext): Hook<HostPoints> {
  const files = [todoFile(directory), memoryFile(directory)];
  return {
    name: "todo",
    on: {
      // Editing tools of the host tell of a file; whoever edits otherwise is noticed when a session is next idle.
      event: async ({ event }) => {
        const edited = editedFile(event);
        const isDue = event.type === "session.idle" || (edited !== undefined && files.includes(edited));
        if (!project.isWanted || !isDue) return;
        // Not waited for: the files are read while the missions go on. It never rejects.
        void (await project.ifAny())?.readFiles();
      },
    },
  };
}

/** Tells the engine and its host adapter what happens in sessions. */
function sessions({ project, host }: HookContext): Hook<HostPoints> {
  return {
    name: "sessions",
    on: {
      event: async ({ event }) => {
        const seen = project.isWanted ? sessionEvent(event) : undefined;
        if (!seen) return;
        if (seen.kind === "deleted") host.sessionDeleted(seen.session);
        if (seen.kind === "failed") host.sessionFailed(seen.session, seen.message);
        if (seen.kind === "asked") host.sessionAsks(seen.session, seen.question);
        if (seen.kind === "answered") host.sessionAnswered(seen.session, seen.question);
        const engine = await project.engineIfAny();
        if (seen.kind === "used")
          await engine?.sessionUsed(seen.session, seen.message, seen.use, seen.complete);
        if (seen.kind === "alive") engine?.sessionAlive(seen.session);
        else engine?.sessionEvent(seen.session);
      },
    },
  };
}
