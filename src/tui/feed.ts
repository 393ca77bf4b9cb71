import {
  type Action,
  type Answer,
  askEngine,
  assignmentSchema,
  key,
  listMissions,
  type MissionView,
  MissionViews,
} from "../mission/index.js";
import { type AuditEntry, type NativeStore, openStore } from "../native/index.js";
import { stateFile, systemClock, watchState } from "../node/index.js";
import type { LogLine } from "./board.js";

/** Commits that the log is read back at its beginning, and lines that are kept. */
const LOG_BACK = 500;
const LOG_LINES = 200;

/**
 * A project's missions, read from its store as they change, and the way to ask for something. It holds the store open
 * beside the engine, which may be in another thread or process; it takes no lease and writes nothing but requests.
 */
export class MissionFeed {
  readonly #store: NativeStore;
  readonly #views: MissionViews;
  readonly #watch: Disposable;
  readonly #closing = new AbortController();
  readonly #log: { readonly mission: string; readonly line: LogLine }[] = [];
  #logged: number | undefined;
  #seen: number;

  private constructor(store: NativeStore, file: string, onChange: () => void) {
    this.#store = store;
    this.#views = new MissionViews(store);
    this.#seen = store.snapshot();
    this.#watch = watchState(file, () => {
      const now = store.snapshot();
      if (now === this.#seen) return;
      this.#seen = now;
      onChange();
    });
  }

  /** @throws NativeError when the state cannot be opened */
  static async open(directory: string, onChange: () => void): Promise<MissionFeed> {
    const file = stateFile(directory);
    return new MissionFeed(await openStore(file), file, onChange);
  }

  /** The mission that a session takes part in: of a root session, its latest. */
  missionOf(session: string): MissionView | undefined {
    const assigned = assignmentSchema.safeParse(this.#store.get(key.assignment(session))?.value).data;
    const own = listMissions(this.#store).findLast((mission) => mission.rootSession === session);
    const id = own?.id ?? assigned?.mission;
    return id === undefined ? undefined : this.#views.read(id);
  }

  /** The mission's last commits, the newest first. */
  async log(mission: string): Promise<readonly LogLine[]> {
    let after = this.#logged ?? Math.max(this.#store.floor(), this.#store.snapshot() - LOG_BACK);
    for (;;) {
      const commits = await this.#store.commitsSince(after, LOG_BACK);
      for (const commit of commits)
        if (commit.mission) this.#log.push({ mission: commit.mission, line: logLine(commit) });
      after = commits.at(-1)?.revision ?? after;
      if (commits.length < LOG_BACK) break;
    }
    this.#logged = after;
    this.#log.splice(0, this.#log.length - LOG_BACK);
    const own = this.#log.filter((one) => one.mission === mission && one.line.what !== "");
    return own
      .slice(-LOG_LINES)
      .map((one) => one.line)
      .reverse();
  }

  /** Asks whoever runs the mission. Rejects when the feed is closed. */
  ask(mission: string, action: Action, task?: string): Promise<Answer> {
    const ports = { store: this.#store, clock: systemClock, random: { next: Math.random } };
    return askEngine(ports, { mission, action, ...(task !== undefined && { task }) }, this.#closing.signal);
  }

  async close(): Promise<void> {
    this.#watch[Symbol.dispose]();
    this.#closing.abort(new Error("the terminal is closing"));
    await this.#store.close();
  }
}

/** What a commit did, in a few words. */
export function logLine({
  timeMs,
  actor,
  changes,
}: Pick<AuditEntry, "timeMs" | "actor" | "changes">): LogLine {
  const time = new Date(timeMs).toTimeString().slice(0, 8);
  const told = changes.flatMap(({ key: name, value }) => {
    const [kind, mission = "", ...rest] = name.split("/");
    const { state, action, answer } = (value ?? {}) as Record<string, unknown>;
    const id = rest.join("/");
    if (kind === "mission") return [`${mission} ${state}`];
    if (kind === "task") return [`${id} ${state}`];
    if (kind === "instruction") return [`instruction ${String(id.split("/").at(-1))} ${state}`];
    if (kind === "request" && action) return [`request ${action}${answer ? ` answered` : ""}`];
    return [];
  });
  return { time, actor, what: told.join(", ") };
}
