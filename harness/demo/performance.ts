import { isActiveMission, isTerminalMission } from "../../src/mission/index.js";
import { stateFile } from "../../src/node/index.js";
import { pause } from "../index.js";
import type { Interrupts } from "./interrupts.js";
import { Keyboard } from "./keyboard.js";
import { MissionWatch } from "./mission-watch.js";
import { Questions } from "./questions.js";
import { RootSession } from "./root-session.js";
import type { ServedHost } from "./served-host.js";
import type { View } from "./view.js";

export interface Mission {
  readonly directory: string;
  readonly goal: string;
  readonly model?: string | undefined;
  /** Whether its sessions can be entered after the run. */
  readonly staysInHost: boolean;
}

/** What became of a mission: `cause` says why it is not sealed. */
export interface Outcome {
  readonly sessionId: string;
  /** The Commander's last words. */
  readonly told: string;
  readonly cause: string | undefined;
  readonly interrupted: boolean;
}

const LOOK_MS = 150;
/** How long the Commander may take to tell the user about a mission that has ended. */
const LAST_WORDS_MS = 30_000;
/** A mission at rest can be moved again by a Commander who is about to be told: it must rest for this long. */
const REST_MS = 3_000;
const STOP_MS = 15_000;

/** The call that opened the mission; it lasts as long as the Commander's turn. */
interface Turn {
  settled: boolean;
  told: string;
  error: string | undefined;
}

/** Has the mission played in a host that is up, from `/task` until it is at rest, and shows it. */
export async function perform(
  mission: Mission,
  host: ServedHost,
  view: View,
  interrupts: Interrupts,
): Promise<Outcome & { readonly watch: MissionWatch }> {
  // The first boot of a project can take minutes: the host installs packages then.
  const booted = RootSession.open(host, mission.directory, mission.goal.slice(0, 80), mission.model);
  const root = await unlessAborted(booted, interrupts.signal);
  const watch = await MissionWatch.open(stateFile(mission.directory), root.id);
  using keyboard = Keyboard.open(process.stdin, interrupts.press);
  const { client } = root;
  const questions = new Questions({
    client,
    timeline: watch.timeline,
    keyboard,
    say: (line) => view.say(line),
  });
  const over = new AbortController();
  const asking = questions.serve(over.signal);
  const turn: Turn = { settled: false, told: "", error: undefined };
  const startedMs = Date.now();
  root
    .command("task", mission.goal, mission.model)
    .then((told) => Object.assign(turn, { told }))
    .catch((error: unknown) =>
      Object.assign(turn, { error: error instanceof Error ? error.message : String(error) }),
    )
    .finally(() => Object.assign(turn, { settled: true }));

  const rest = new Rest(root, host, watch, turn);
  const look = async () => {
    const notices = await watch.look();
    const shown = { goal: mission.goal, startedMs, waitingFor: "the mission is being opened" };
    view.show(watch.timeline, notices, { ...shown, question: questions.shown });
  };
  try {
    let ended: string | true | undefined;
    while (ended === undefined && !interrupts.signal.aborted) {
      await look();
      ended = await rest.reached();
      if (ended === undefined) await pause(LOOK_MS, interrupts.signal);
    }
    if (ended === undefined) await stopMission(root, watch, turn, view, look);
    const cause = typeof ended === "string" ? ended : missionCause(watch, turn);
    return { sessionId: root.id, told: turn.told, cause, interrupted: ended === undefined, watch };
  } catch (error) {
    await watch[Symbol.asyncDispose]();
    throw error;
  } finally {
    over.abort();
    await asking;
  }
}

/** Decides when there is nothing more to wait for. */
class Rest {
  readonly #root: RootSession;
  readonly #host: ServedHost;
  readonly #watch: MissionWatch;
  readonly #turn: Turn;
  #sinceMs: number | undefined;

  constructor(root: RootSession, host: ServedHost, watch: MissionWatch, turn: Turn) {
    this.#root = root;
    this.#host = host;
    this.#watch = watch;
    this.#turn = turn;
  }

  /** True when the mission is at rest, a text when something went wrong, undefined while it moves. */
  async reached(): Promise<true | string | undefined> {
    const { exit } = this.#host;
    if (exit) return `OpenCode ended by itself (${exit.signal ?? exit.code})`;
    const mission = this.#watch.timeline.mission;
    if (mission && isActiveMission(mission.state)) {
      this.#sinceMs = undefined;
      return undefined;
    }
    if (!mission && !this.#turn.settled) return undefined;
    const now = performance.now();
    this.#sinceMs ??= now;
    const restMs = now - this.#sinceMs;
    if (!mission)
      return restMs > REST_MS ? `no mission was opened: ${this.#turn.error ?? this.#turn.told}` : undefined;
    if (isTerminalMission(mission.state))
      return this.#turn.settled || restMs > LAST_WORDS_MS ? true : undefined;
    if (!this.#turn.settled || restMs < REST_MS) return undefined;
    if (!(await this.#root.busy())) return true;
    this.#sinceMs = undefined;
    return undefined;
  }
}

/** @throws the signal's reason when it comes first */
function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = new Promise<never>((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
  aborted.catch(() => undefined);
  promise.catch(() => undefined);
  return Promise.race([promise, aborted]);
}

/** `/stop`, and the mission's own word that it has stopped. */
async function stopMission(
  root: RootSession,
  watch: MissionWatch,
  turn: Turn,
  view: View,
  look: () => Promise<void>,
): Promise<void> {
  const deadline = performance.now() + STOP_MS;
  // The mission may be on its way: one that was asked for must not stay behind without its stop.
  while (!watch.timeline.mission && !turn.settled && performance.now() < deadline) {
    await look();
    await pause(LOOK_MS);
  }
  if (!watch.timeline.mission) return;
  // Not awaited: it joins the Commander's turn, which ends with the mission.
  const sent = root
    .command("stop", "")
    .catch((error: unknown) => view.say(`/stop was not answered: ${error}`));
  const terminal = () => watch.timeline.mission && isTerminalMission(watch.timeline.mission.state);
  while (!terminal() && performance.now() < deadline) {
    await look();
    await pause(LOOK_MS);
  }
  await Promise.race([sent, pause(LOOK_MS)]);
  view.say(
    terminal()
      ? `Mission ${watch.timeline.mission?.id} has stopped (${watch.timeline.mission?.state}). OpenCode ends now.`
      : "The mission did not stop in time; it stays as it is and can be resumed. OpenCode ends now.",
  );
}

function missionCause({ timeline: { mission } }: MissionWatch, turn: Turn): string | undefined {
  if (!mission) return "it was stopped before there was a mission";
  if (mission.state === "sealed") return undefined;
  const reason = mission.reason ?? turn.error;
  return `mission ${mission.id} is ${mission.state}${reason ? `: ${reason}` : ""}`;
}
