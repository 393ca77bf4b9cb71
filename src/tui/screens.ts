import type { TuiPluginApi } from "@opencode-ai/plugin/tui";
import { StyledText, TextAttributes } from "@opentui/core";
import { createComponent } from "@opentui/solid";
import { createSignal } from "solid-js";
import type { Action, MissionView } from "../mission/index.js";
import { type BoardState, boardLines, boardOrder, isRetriable, type LogLine } from "./board.js";
import { MissionFeed } from "./feed.js";
import type { Line } from "./line.js";
import { type MissionModel, missionModel, type SessionFacts, type Use } from "./model.js";
import { panelLines } from "./panel.js";
import { SessionUse } from "./session-use.js";
import { safe } from "./text.js";

/** Columns of the host's sidebar, less its padding. */
const PANEL_COLUMNS = 36;
/** Figures of sessions come with every step of every agent: they are shown at most so often. */
const FIGURES_EVERY_MS = 250;
const PAGE = 10;

export type BoardKey =
  | "up"
  | "down"
  | "back"
  | "on"
  | "turn"
  | "session"
  | "pause"
  | "resume"
  | "retry"
  | "cancel"
  | "close";

/** What shows missions: it follows the state, the host's theme and its questions by itself. */
export class Screens {
  readonly api: TuiPluginApi;
  readonly #key: string | undefined;
  readonly #use = new SessionUse();
  readonly #changed: () => number;
  #feed: MissionFeed | undefined;

  private constructor(api: TuiPluginApi, key: string, changed: () => number) {
    this.api = api;
    this.#key = key === "none" ? undefined : key.replace("<leader>", "ctrl+x ");
    this.#changed = changed;
  }

  /** @throws NativeError when the state cannot be opened */
  static async open(api: TuiPluginApi, key: string): Promise<Screens> {
    let count = 0;
    const [changed, setChanged] = createSignal(count);
    const change = () => setChanged(++count);
    const screens = new Screens(api, key, changed);
    screens.#feed = await MissionFeed.open(api.state.path.directory, change);
    let pending: NodeJS.Timeout | undefined;
    api.event.on("message.updated", ({ properties }) => {
      if (!screens.#use.heard(properties) || pending) return;
      pending = setTimeout(() => {
        pending = undefined;
        change();
      }, FIGURES_EVERY_MS).unref();
    });
    api.event.on("session.deleted", ({ properties }) => screens.#use.forget(properties.sessionID));
    return screens;
  }

  get feed(): MissionFeed {
    if (!this.#feed) throw new Error("unreachable: the feed is opened with the screens");
    return this.#feed;
  }

  /** The mission that a session takes part in. To be called where a change shall be followed. */
  mission(session: string): MissionModel | undefined {
    this.#changed();
    const view = this.#view(session);
    return view && missionModel(view, this.#facts);
  }

  panel(session: string): StyledText | undefined {
    const mission = this.mission(session);
    return mission && this.styled(panelLines(mission, PANEL_COLUMNS, this.#key));
  }

  board(session: string): BoardScreen {
    return new BoardScreen(this, session);
  }

  /** Lines in the colours of the host's theme. */
  styled(lines: readonly Line[]): StyledText {
    const { current: theme } = this.api.theme;
    const tones = {
      text: theme.text,
      muted: theme.textMuted,
      accent: theme.primary,
      success: theme.success,
      warning: theme.warning,
      error: theme.error,
      info: theme.info,
    };
    const chunks = lines.flatMap((line, index) => [
      ...line.map(({ text, tone, bold, selected }) => ({
        __isChunk: true as const,
        text,
        fg: selected ? theme.text : tones[tone],
        ...(selected && { bg: theme.backgroundElement }),
        attributes: bold || selected ? TextAttributes.BOLD : 0,
      })),
      ...(index < lines.length - 1 ? [{ __isChunk: true as const, text: "\n" }] : []),
    ]);
    return new StyledText(chunks);
  }

  async close(): Promise<void> {
    await this.#feed?.close();
  }

  #view(session: string): MissionView | undefined {
    try {
      return this.feed.missionOf(session);
    } catch {
      // A state that cannot be read now, or a record of another version: the server part says what is wrong.
      return undefined;
    }
  }

  readonly #facts: SessionFacts = {
    use: (session): Use | undefined => this.#use.of(session),
    waiting: (session) => {
      const { permission, question } = this.api.state.session;
      return [
        ...permission(session).map((one) => `allow ${one.permission}: ${one.patterns.join(", ")}`),
        ...question(session).map((one) => one.questions[0]?.question ?? "a question"),
      ];
    },
  };
}

/** The full-screen board of one session's mission: what is selected, and what the keys do. */
export class BoardScreen {
  readonly #screens: Screens;
  readonly #session: string;
  readonly #state: () => Pick<BoardState, "selected" | "view" | "scroll" | "message" | "log">;
  readonly #set: (change: Partial<BoardState>) => void;
  #mission: MissionModel | undefined;

  constructor(screens: Screens, session: string) {
    this.#screens = screens;
    this.#session = session;
    type Own = Pick<BoardState, "selected" | "view" | "scroll" | "message" | "log">;
    const [state, set] = createSignal<Own>({ selected: undefined, view: "details", scroll: 0, log: [] });
    let latest: Own = { selected: undefined, view: "details", scroll: 0, log: [] };
    this.#state = state;
    this.#set = (change) => {
      latest = { ...latest, ...change };
      set(latest);
    };
  }

  content(width: number, height: number): StyledText {
    const mission = this.#screens.mission(this.#session);
    const state = this.#state();
    if (mission !== this.#mission && state.view === "log") this.#readLog();
    this.#mission = mission;
    const selected = state.selected ?? (mission && startOf(mission));
    return this.#screens.styled(boardLines(mission, { ...state, selected, width, height }));
  }

  press(key: BoardKey): void {
    const { api } = this.#screens;
    const mission = this.#mission;
    if (key === "close") api.route.navigate("session", { sessionID: mission?.rootSession ?? this.#session });
    else if (mission) this.#press(key, mission);
  }

  #press(key: Exclude<BoardKey, "close">, mission: MissionModel): void {
    const { view, scroll, selected } = this.#state();
    const order = boardOrder(mission);
    const at = order.findIndex((one) => one.id === (selected ?? startOf(mission)));
    const task = order[Math.max(0, at)];
    switch (key) {
      case "up":
        this.#set({ selected: order[Math.max(0, at - 1)]?.id, scroll: 0, message: undefined });
        break;
      case "down":
        this.#set({ selected: order[Math.min(order.length - 1, at + 1)]?.id, scroll: 0, message: undefined });
        break;
      case "back":
        this.#set({ scroll: Math.max(0, scroll - PAGE) });
        break;
      case "on":
        this.#set({ scroll: scroll + PAGE });
        break;
      case "turn":
        if (view === "details") this.#readLog();
        this.#set({ view: view === "details" ? "log" : "details", scroll: 0 });
        break;
      case "session":
        this.#openSession(task?.id ?? "The plan", task ? task.session : mission.planSession);
        break;
      case "retry":
        if (task && isRetriable(task)) this.#ask(mission, "retry", task.id);
        else this.#set({ message: "Only a task that failed or is blocked can be retried" });
        break;
      case "cancel":
        if (!mission.isOver) this.#confirmCancel(mission);
        break;
      case "pause":
      case "resume":
        this.#ask(mission, key);
        break;
    }
  }

  #openSession(of: string, session: string | undefined): void {
    if (session) this.#screens.api.route.navigate("session", { sessionID: session });
    else this.#set({ message: `${of} has no session yet` });
  }

  #ask({ id, isOver }: MissionModel, action: Action, task?: string): void {
    if (isOver) {
      this.#set({ message: `Mission ${id} has ended` });
      return;
    }
    this.#set({ message: `${action} …` });
    this.#screens.feed.ask(id, action, task).then(
      ({ message }) => this.#set({ message: `${id}: ${message}` }),
      (error: unknown) => this.#set({ message: String(error) }),
    );
  }

  #confirmCancel(mission: MissionModel): void {
    const { ui } = this.#screens.api;
    ui.dialog.replace(
      () =>
        createComponent(ui.DialogConfirm, {
          title: `Cancel mission ${mission.id}?`,
          message: `It ends for good, and its agents stop. ${safe(mission.goal).slice(0, 200)}`,
          onConfirm: () => this.#ask(mission, "stop"),
        }) as never,
    );
  }

  #readLog(): void {
    const id = this.#mission?.id;
    if (id === undefined) return;
    this.#screens.feed.log(id).then(
      (log: readonly LogLine[]) => this.#set({ log }),
      (error: unknown) => this.#set({ message: String(error) }),
    );
  }
}

/** Where a look at a mission begins: at a task at work or in trouble. */
function startOf(mission: MissionModel): string | undefined {
  const order = boardOrder(mission);
  const quiet = new Set(["done", "pending", "cancelled"]);
  return (order.find((one) => !quiet.has(one.state)) ?? order[0])?.id;
}
