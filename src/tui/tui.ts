import { existsSync } from "node:fs";
import type { TuiPlugin, TuiPluginApi } from "@opencode-ai/plugin/tui";
import {
  createElement,
  type Element,
  effect,
  insertNode,
  setProp,
  useTerminalDimensions,
} from "@opentui/solid";
import { createSignal, onCleanup } from "solid-js";
import { stateFile } from "../node/paths.js";
import type { BoardKey, BoardScreen, Screens } from "./screens.js";

/**
 * The terminal part of the plugin. At the host's start it only registers names; what shows a mission is loaded when the
 * project has one.
 */

/** Default key of the board; `["opencode-orchestrator", { "key": "<leader>k" }]` in tui.json sets another, `"none"` none. */
const BOARD_KEY = "<leader>o";
const ROUTE = "orchestrator.board";
const OPEN = "orchestrator.board.open";

/** The board's keys. A dialog takes the host out of its base mode, and the keys with it. */
const KEYS: Readonly<Record<string, BoardKey>> = {
  up: "up",
  k: "up",
  down: "down",
  j: "down",
  pageup: "back",
  pagedown: "on",
  tab: "turn",
  return: "session",
  p: "pause",
  r: "resume",
  t: "retry",
  c: "cancel",
  escape: "close",
  q: "close",
};

const tui: TuiPlugin = async (api, options) => {
  const { key: given } = options ?? {};
  const key = typeof given === "string" ? given : BOARD_KEY;
  const screens = lateScreens(api, key);

  api.slots.register({
    order: 150,
    slots: {
      sidebar_content: (_: unknown, { session_id: session }: { session_id: string }) =>
        shown((text, box) => {
          const content = screens()?.panel(session);
          text.content = content ?? "";
          setProp(box, "visible", content !== undefined);
        }),
    },
  } as never);

  api.route.register([
    {
      name: ROUTE,
      render: ({ params }) => {
        const session = String(params?.["session"]);
        const size = useTerminalDimensions();
        let board: BoardScreen | undefined;
        onCleanup(
          api.keymap.registerLayer({
            mode: "base",
            priority: 100,
            bindings: Object.entries(KEYS).map(([name, pressed]) => ({
              key: name,
              cmd: () =>
                board ? board.press(pressed) : api.route.navigate("session", { sessionID: session }),
            })),
          }),
        );
        return shown((text, box) => {
          const { width, height } = size();
          board ??= screens()?.board(session);
          setProp(box, "width", width);
          setProp(box, "height", height);
          setProp(box, "paddingLeft", 1);
          text.content = board?.content(width - 2, height) ?? "There is no mission yet: /task <goal>";
        }) as never;
      },
    },
  ]);

  api.keymap.registerLayer({
    commands: [
      {
        name: OPEN,
        title: "Mission board",
        slashName: "board",
        category: "Orchestrator",
        namespace: "palette",
        run() {
          const { current } = api.route;
          const session = current.name === "session" ? current.params?.["sessionID"] : undefined;
          api.ui.dialog.clear();
          if (typeof session === "string") api.route.navigate(ROUTE, { session });
          else api.ui.toast({ variant: "info", message: "Open the session of a mission first" });
        },
      },
    ],
    bindings: key === "none" ? [] : [{ key, cmd: OPEN, desc: "Mission board" }],
  });
};

/** The screens, once the project has a mission and what shows it is loaded. */
function lateScreens(api: TuiPluginApi, key: string): () => Screens | undefined {
  const [screens, setScreens] = createSignal<Screens | undefined>(undefined);
  let loading = false;
  const look = () => {
    if (loading || api.lifecycle.signal.aborted || !existsSync(stateFile(api.state.path.directory))) return;
    loading = true;
    import("./screens.js")
      .then(({ Screens }) => Screens.open(api, key))
      .then((opened) => {
        api.lifecycle.onDispose(() => opened.close());
        setScreens(opened);
      })
      .catch((error: unknown) => {
        api.ui.toast({ variant: "warning", title: "Missions cannot be shown", message: String(error) });
      });
  };
  look();
  // A mission begins with a turn of its session. The first look was before there were any.
  for (const type of ["session.status", "session.idle"] as const) api.event.on(type, look);
  return screens;
}

/** A box with one text, kept as `draw` says. */
function shown(draw: (text: Element, box: Element) => void): Element {
  const box = createElement("box");
  const text = createElement("text");
  setProp(text, "wrapMode", "none");
  insertNode(box, text);
  effect(() => draw(text, box));
  return box;
}

export default { id: "opencode-orchestrator", tui };
