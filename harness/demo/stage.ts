import { printEnding, saveLog } from "./ending.js";
import type { Interrupts } from "./interrupts.js";
import { harmless, type Palette } from "./palette.js";
import { type Mission, perform } from "./performance.js";
import type { ServedHost } from "./served-host.js";
import type { View } from "./view.js";
import { WorkTree } from "./work-tree.js";

/** What a run has for its whole length. */
export interface Stage {
  readonly palette: Palette;
  readonly interrupts: Interrupts;
  readonly view: View;
  readonly print: (line: string) => void;
  /** File URL of the built plugin. */
  readonly plugin: string;
}

/** One mission from the start of its host to the last line of the report. Answers why it is not sealed, if so. */
export async function play(
  stage: Stage,
  mission: Mission,
  start: () => Promise<ServedHost>,
  extra?: (sealed: boolean) => Promise<void>,
): Promise<string | undefined> {
  const { view, interrupts } = stage;
  await using tree = await WorkTree.open(mission.directory);
  const announce = () => view.say("Ctrl-C: the mission is being stopped. Press it again to end at once.");
  interrupts.signal.addEventListener("abort", announce);
  view.say("OpenCode starts …");
  const host = await start();
  try {
    view.say(`OpenCode is up after ${(host.startupMs / 1000).toFixed(1)} s. The project is booted …`);
    const outcome = await perform(mission, host, view, interrupts);
    await using watch = outcome.watch;
    interrupts.signal.removeEventListener("abort", announce);
    view.close();
    await host.stop();
    if (!outcome.interrupted && outcome.told.trim() !== "") tell(stage, outcome.told);
    const wrong = await printEnding({
      ...stage,
      directory: mission.directory,
      watch,
      tree,
      setUpMs: host.startupMs,
      hostLog: host.logs(),
      session: mission.staysInHost ? outcome.sessionId : undefined,
      ...(extra && { extra: () => extra(outcome.cause === undefined) }),
    });
    return outcome.cause ?? wrong;
  } catch (error) {
    if (interrupts.signal.aborted) throw error;
    const message = error instanceof Error ? error.message : String(error);
    throw new Error(`${message}\nThe log of OpenCode: ${await saveLog(host.logs())}`, { cause: error });
  } finally {
    await host.stop();
  }
}

function tell({ print, palette }: Stage, text: string): void {
  print("");
  print(palette.bold("The Commander says"));
  for (const line of text.trim().split("\n")) print(`  ${harmless(line)}`);
}
