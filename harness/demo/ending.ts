import { chmod, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { logFiles, logPlaces } from "../../src/log/index.js";
import { isTerminalMission, readMission, renderBoard } from "../../src/mission/index.js";
import { stateFile, todoFile } from "../../src/node/index.js";
import type { MissionWatch } from "./mission-watch.js";
import { harmless, type Palette } from "./palette.js";
import { renderTimes, renderVerification, shorten } from "./report.js";
import type { WorkTree } from "./work-tree.js";

const DIFF_LINES = 60;

export interface Ending {
  readonly directory: string;
  readonly watch: MissionWatch;
  readonly tree: WorkTree | undefined;
  readonly setUpMs: number;
  readonly hostLog: string;
  readonly palette: Palette;
  readonly print: (line: string) => void;
  /** The mission's session, where it stays after the run. */
  readonly session: string | undefined;
  /** More sections, after the changes. */
  readonly extra?: () => Promise<void>;
}

/** Prints what is left after a mission. Answers what is wrong with its record, if anything is. */
export async function printEnding(ending: Ending): Promise<string | undefined> {
  const { watch, palette, print, directory } = ending;
  await watch.look();
  const section = (title: string, lines: readonly string[]) => {
    print("");
    print(palette.bold(title));
    for (const line of lines) print(`  ${harmless(line)}`);
  };
  const { timeline, store } = watch;
  let wrong: string | undefined;
  if (store && timeline.mission) {
    section("Board", renderBoard(readMission(store, timeline.mission.id)).split("\n"));
    section("Changes", await changes(ending));
    await ending.extra?.();
    section("Times", renderTimes(timeline, ending.setUpMs, Date.now(), palette));
    const most = `${timeline.mostWorkers} (read from ${timeline.commits} commits of the mission)`;
    section("Most Workers at the same time", [most]);
    const found = await store.verify();
    section("Audit chain, recomputed from the state file", renderVerification(found, palette));
    if (!found.ok) wrong = "the audit chain does not hold";
  }
  const log = await saveLog(ending.hostLog);
  const at = {
    project: directory,
    plan: todoFile(directory),
    state: stateFile(directory),
    log: (await logFiles(logPlaces())).at(-1) ?? "(nothing was logged)",
    host: log,
  };
  section(
    "Where everything lies",
    Object.entries(at).map(([name, path]) => `${name.padEnd(8)} ${path}`),
  );
  if (timeline.mission && !isTerminalMission(timeline.mission.state))
    section("To go on", [
      `open OpenCode in ${directory}, enter the session of this mission, and write /resume`,
    ]);
  return wrong;
}

async function changes({ tree, palette, directory }: Ending): Promise<string[]> {
  if (!tree) return ["this project is not a git repository: there is nothing to compare with"];
  const colour = palette.enabled ? "--color=always" : "--color=never";
  const stat = (await tree.diff("--stat=100", colour)).trimEnd();
  if (stat === "") return ["none"];
  const { lines, left } = shorten(await tree.diff("--unified=1", colour), DIFF_LINES);
  const rest = left > 0 ? [palette.dim(`… ${left} more lines: git -C ${directory} diff`)] : [];
  return [...stat.split("\n"), "", ...lines, ...rest];
}

/** Keeps the host's log, for its owner alone. Answers where. */
export async function saveLog(text: string): Promise<string> {
  const path = join(tmpdir(), `opencode-orchestrator-host-${process.pid}.log`);
  await writeFile(path, text, { mode: 0o600 });
  await chmod(path, 0o600);
  return path;
}
