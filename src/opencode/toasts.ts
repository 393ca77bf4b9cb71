import { budgetLines, type MissionView, oneLine } from "../mission/index.js";
import type { Clock, Notice } from "../ports/index.js";

/** At most one toast in so long, and never while the user is asked something: what comes meanwhile is merged. */
const EVERY_MS = 4_000;
const HELD_LOOK_MS = 1_000;
const MAX_LINES = 4;
/** A budget is spoken of when so much of it is used. */
const BUDGET_SHARES = [1, 0.8] as const;

export interface ToastPorts {
  readonly clock: Clock;
  /** Shows one; never rejects. */
  readonly notify: (notice: Notice) => Promise<void>;
  /** Whether somebody is asked something in one of these sessions. */
  readonly isAsking: (sessions: readonly string[]) => boolean;
}

type Variant = Notice["variant"];
const WEIGHT: Readonly<Record<Variant, number>> = { info: 0, success: 1, warning: 2, error: 3 };

interface Waiting {
  readonly lines: Map<string, { readonly text: string; readonly variant: Variant }>;
  sessions: readonly string[];
}

/** What the user hears of missions while looking elsewhere: few toasts, each with all that is new. */
export class Toasts {
  readonly #ports: ToastPorts;
  readonly #known = new Map<string, MissionView>();
  readonly #waiting = new Map<string, Waiting>();
  readonly #closing = new AbortController();
  #lastMs = Number.NEGATIVE_INFINITY;
  #telling: Promise<void> | undefined;

  constructor(ports: ToastPorts) {
    this.#ports = ports;
  }

  /** A mission as it is after a change. The first sight of one says nothing: it may be of before a restart. */
  seen(view: MissionView): void {
    const { id } = view.mission;
    const before = this.#known.get(id);
    this.#known.set(id, view);
    const told = before ? progress(before, view) : [];
    if (told.length === 0) return;
    const waiting = this.#waiting.get(id) ?? { lines: new Map(), sessions: [] };
    this.#waiting.set(id, waiting);
    // The latest about a thing counts, at its new place.
    for (const { about, text, variant } of told) {
      waiting.lines.delete(about);
      waiting.lines.set(about, { text, variant });
    }
    waiting.sessions = sessionsOf(view);
    this.#telling ??= this.#tell().finally(() => {
      this.#telling = undefined;
    });
  }

  /** Resolves when nothing waits to be shown. */
  async settled(): Promise<void> {
    await this.#telling;
  }

  /** What waits is not shown any more. */
  close(): void {
    this.#closing.abort();
  }

  async #tell(): Promise<void> {
    const { clock, notify, isAsking } = this.#ports;
    try {
      while (this.#waiting.size > 0) {
        await clock.sleep(Math.max(0, this.#lastMs + EVERY_MS - clock.now()), this.#closing.signal);
        const next = [...this.#waiting].find(([, { sessions }]) => !isAsking(sessions));
        if (!next) {
          await clock.sleep(HELD_LOOK_MS, this.#closing.signal);
          continue;
        }
        const [id, { lines }] = next;
        this.#waiting.delete(id);
        this.#lastMs = clock.now();
        await notify(merged(id, [...lines.values()]));
      }
    } catch {
      // Closed: nobody looks any more.
    }
  }
}

function merged(id: string, lines: readonly { readonly text: string; readonly variant: Variant }[]): Notice {
  const shown = lines.slice(-MAX_LINES).map((one) => one.text);
  const rest = lines.length - shown.length;
  const variant = lines.reduce<Variant>(
    (worst, one) => (WEIGHT[one.variant] > WEIGHT[worst] ? one.variant : worst),
    "info",
  );
  return {
    title: `Mission ${id}`,
    message: [...(rest > 0 ? [`${rest} more`] : []), ...shown].join("\n"),
    variant,
  };
}

interface Told {
  readonly about: string;
  readonly text: string;
  readonly variant: Variant;
}

/** What is worth telling of the way from one state to the next. */
function progress(before: MissionView, { mission, tasks }: MissionView): Told[] {
  const told: Told[] = [];
  const done = tasks.filter((task) => task.state === "done").length;
  for (const task of tasks) {
    const old = before.tasks.find((one) => one.id === task.id);
    if (!old) continue;
    const name = `${task.id} ${oneLine(task.title)}`;
    const tell = (text: string, variant: Variant) =>
      told.push({ about: `task/${task.id}`, text: `${name}: ${text}`, variant });
    const why = task.reason ? ` (${oneLine(task.reason)})` : "";
    if (task.state === old.state) continue;
    if (task.state === "done") tell(`done, ${done} of ${tasks.length}`, "info");
    else if (task.state === "failed") tell(`failed${why}`, "error");
    else if (task.state === "blocked") tell(`blocked${why}`, "warning");
    else if (task.state === "ready" && old.state === "reviewing") tell("rejected by the review", "info");
    else if (task.state === "ready" && old.state === "checking") tell("a check failed", "info");
  }
  if (mission.state !== before.mission.state) {
    const found = MISSION_TOLD[mission.state];
    const why = mission.reason ? `: ${oneLine(mission.reason)}` : "";
    if (found) told.push({ about: "mission", text: `${mission.state}${why}`, variant: found });
  }
  for (const { name, share } of budgetShares(mission)) {
    const old = budgetShares(before.mission).find((one) => one.name === name)?.share ?? 0;
    const passed = BUDGET_SHARES.find((limit) => share >= limit && old < limit);
    if (passed)
      told.push({
        about: `budget/${name}`,
        text:
          passed === 1
            ? `the budget of ${name} is used up`
            : `${Math.floor(share * 100)}% of ${name} is used`,
        variant: "warning",
      });
  }
  return told;
}

const MISSION_TOLD: Partial<Record<MissionView["mission"]["state"], Variant>> = {
  sealed: "success",
  blocked: "warning",
  failed: "error",
  paused: "info",
};

/** How much is used of each limit of the budget. */
function budgetShares({ budget, spent }: MissionView["mission"]): { name: string; share: number }[] {
  return budgetLines(budget, spent).map(({ limit, used, most }) => ({ name: limit, share: used / most }));
}

function sessionsOf({ mission, tasks }: MissionView): string[] {
  const all = [
    mission.rootSession,
    mission.planSession,
    ...tasks.flatMap((t) => [t.workSession, t.reviewSession]),
  ];
  return all.filter((one) => one !== undefined);
}
