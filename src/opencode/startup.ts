import { existsSync } from "node:fs";
import { join } from "node:path";
import { REWRITE_JOURNAL, recoverRewrite } from "../native/index.js";
import { stateFile } from "../node/index.js";
import type { Log } from "../ports/index.js";
import type { NativeCore } from "./native-core.js";
import type { OpenedProject } from "./opened-project.js";

interface StartupContext {
  readonly directory: string;
  readonly log: Log;
  readonly project: OpenedProject;
  readonly core: NativeCore;
  readonly warn: (title: string, message: string) => void;
}

/** What is missing then. */
const WITHOUT_CORE = {
  helpers: "Missions are off; searches run in helper processes.",
  none: "Missions and our search tools are off; OpenCode's own search tools stay.",
} as const;

/** What is due once the host is up: what was cut short is finished, and missions are taken up again. Never rejects. */
export async function startUp(context: StartupContext): Promise<void> {
  const { directory, log, core, warn } = context;
  if (core.kind !== "here") {
    log.error("addon.failed", { error: core.error.message, searches: core.kind });
    warn("opencode-orchestrator has no native core", `${WITHOUT_CORE[core.kind]}\n${core.error.message}`);
    return;
  }
  const due: Promise<void>[] = [];
  if (existsSync(join(directory, REWRITE_JOURNAL))) due.push(finishRewrite(context));
  if (existsSync(stateFile(directory))) due.push(recover(context));
  await Promise.all(due);
}

async function finishRewrite({ directory, log, warn }: StartupContext): Promise<void> {
  try {
    const { restored, changed } = await recoverRewrite(directory);
    log.info("rewrite.recovered", { restored: restored.length, changed: changed.length });
  } catch (error) {
    log.error("rewrite.failed", { error: describe(error) });
    warn("A rewrite that was cut short could not be undone", describe(error));
  }
}

async function recover({ project, log, warn }: StartupContext): Promise<void> {
  try {
    const here = await project.get();
    // What was edited while nobody was here counts before anybody goes on.
    await here.readFiles();
    const foreign = await here.engine.recover();
    for (const { id } of foreign)
      warn(
        `Mission ${id} is left alone`,
        "Its state came with the project: none of your sessions asked for it.",
      );
  } catch (error) {
    log.error("recovery.failed", { error: String(error) });
    warn("Missions could not be taken up again", describe(error));
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
