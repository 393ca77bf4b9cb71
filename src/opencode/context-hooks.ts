import type { Hook } from "../hooks/index.js";
import type { HookContext, HostPoints } from "./hooks.js";

/** What reaches the model in sessions of missions. In every other session these change nothing. */
export function contextHooks(context: HookContext): Hook<HostPoints>[] {
  return [notes(context), pruning(context), compaction(context)];
}

/** Puts notes, and what a compaction has lost, behind the system prompt. */
function notes({ project, sessions, boards }: HookContext): Hook<HostPoints> {
  return {
    name: "notes",
    phase: "late",
    on: {
      "experimental.chat.system.transform": async ({ sessionID }, { system }) => {
        const here = sessionID === undefined ? undefined : await project.ifAny();
        if (here && sessionID) system.push(...sessions.system(here.engine, here.memory, sessionID));
      },
      event: ({ event }) => {
        if (!project.isWanted) return;
        if (event.type === "session.compacted") {
          sessions.compacted(event.properties.sessionID);
          boards.forget(event.properties.sessionID);
        }
        if (event.type === "session.deleted") {
          sessions.forget(event.properties.info.id);
          boards.forget(event.properties.info.id);
        }
      },
    },
  };
}

/** Cuts what an agent's conversation no longer needs. */
function pruning({ project, sessions }: HookContext): Hook<HostPoints> {
  return {
    name: "pruning",
    phase: "late",
    // What is cut is not counted.
    before: ["budget"],
    on: {
      "experimental.chat.messages.transform": async (_, { messages }) => {
        const engine = await project.engineIfAny();
        if (engine) sessions.messages(engine, messages as never);
      },
    },
  };
}

/** Has a compaction keep the open task. */
function compaction({ project, sessions }: HookContext): Hook<HostPoints> {
  return {
    name: "compaction",
    on: {
      "experimental.session.compacting": async ({ sessionID }, { context }) => {
        const engine = await project.engineIfAny();
        const essentials = engine && sessions.compaction(engine, sessionID);
        if (essentials) context.push(essentials);
      },
    },
  };
}
