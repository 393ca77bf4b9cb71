import type { Hook } from "../hooks/index.js";
import { failedCall, sessionEvent } from "./events.js";
import { realPaths } from "./guard.js";
import type { HostPoints } from "./hooks.js";
import type { OpenedProject } from "./opened-project.js";
import { effectOf, namedPaths } from "./tool-effects.js";

/** Has the engine measure what tools change of which nothing is known before, such as the shell. */
export function writeWatch(directory: string, project: OpenedProject): Hook<HostPoints> {
  return {
    name: "write-watch",
    // What the guard refuses never runs.
    after: ["guard"],
    on: {
      "tool.execute.before": async ({ sessionID: session, callID, tool }, { args }) => {
        const engine = await project.engineIfAny();
        if (!engine) return;
        const effect = effectOf(tool, args);
        if (effect.kind === "any") await engine.writes.begin(session, callID);
        if (effect.kind === "writes")
          engine.writes.editing(session, callID, await realPaths(directory, effect.paths));
      },
      "tool.execute.after": async ({ sessionID: session, callID, tool, args }, output) => {
        const engine = await project.engineIfAny();
        if (!engine) return;
        const effect = effectOf(tool, args);
        if (effect.kind === "writes")
          engine.writes.edited(session, callID, await realPaths(directory, namedPaths(effect)));
        if (effect.kind !== "any") return;
        const told = await engine.writes.end(session, callID);
        if (told) output.output = `${output.output ?? ""}\n\n${told}`;
      },
      // The host calls no hook behind a call that failed.
      event: async ({ event }) => {
        if (!project.isWanted) return;
        const failed = failedCall(event);
        const seen = sessionEvent(event);
        const ended = seen?.kind === "deleted" ? seen.session : undefined;
        if (!failed && !ended) return;
        const engine = await project.engineIfAny();
        if (failed) await engine?.writes.end(failed.session, failed.call);
        if (ended) await engine?.writes.endAll(ended);
      },
    },
  };
}
