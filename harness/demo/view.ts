import { type FrameContext, renderFrame, renderNotice } from "./frame.js";
import type { Notice } from "./notices.js";
import type { Palette } from "./palette.js";
import type { Timeline } from "./timeline.js";

export type Shown = Pick<FrameContext, "goal" | "startedMs" | "waitingFor" | "question">;

/** Where the progress of a mission is shown. */
export interface View {
  /** A line that stays. */
  say(line: string): void;
  /** The state now, and what has been heard since the last call. */
  show(timeline: Timeline, notices: readonly Notice[], shown: Shown): void;
  /** Leaves the last picture where it is. */
  close(): void;
}

type Output = Pick<NodeJS.WriteStream, "write"> &
  Partial<Pick<NodeJS.WriteStream, "isTTY" | "columns" | "rows">>;

/** A picture that is drawn again in place on a terminal; one line for each change anywhere else. */
export function openView(output: Output, palette: Palette, env: NodeJS.ProcessEnv): View {
  const terminal = output.isTTY === true && env["TERM"] !== "dumb";
  return terminal ? new LiveView(output, palette) : new LineView(output, palette);
}

class LineView implements View {
  readonly #output: Output;
  readonly #palette: Palette;
  #question = "";

  constructor(output: Output, palette: Palette) {
    this.#output = output;
    this.#palette = palette;
  }

  say(line: string): void {
    this.#output.write(`${line}\n`);
  }

  show(_timeline: Timeline, notices: readonly Notice[], { startedMs, question }: Shown): void {
    for (const notice of notices) this.say(renderNotice(notice, { startedMs, palette: this.#palette }));
    if (question !== "" && question !== this.#question) this.say(question);
    this.#question = question;
  }

  close(): void {
    this.#question = "";
  }
}

class LiveView implements View {
  readonly #output: Output;
  readonly #palette: Palette;
  #drawn: readonly string[] = [];
  readonly #showCursor = () => void this.#output.write("\x1b[?25h");

  constructor(output: Output, palette: Palette) {
    this.#output = output;
    this.#palette = palette;
    output.write("\x1b[?25l");
    process.once("exit", this.#showCursor);
  }

  say(line: string): void {
    this.#output.write(`${this.#erase()}${line}\n${this.#drawn.map((one) => `${one}\n`).join("")}`);
  }

  show(timeline: Timeline, _notices: readonly Notice[], shown: Shown): void {
    const { columns = 80, rows = 24 } = this.#output;
    // One column and one row stay free: a full line would wrap, a full screen would scroll.
    const size = { columns: columns - 1, rows: rows - 1 };
    const lines = renderFrame(timeline, { ...shown, ...size, nowMs: Date.now(), palette: this.#palette });
    if (lines.join("\n") === this.#drawn.join("\n")) return;
    const erase = this.#erase();
    this.#drawn = lines;
    this.#output.write(erase + lines.map((line) => `${line}\n`).join(""));
  }

  close(): void {
    this.#drawn = [];
    this.#showCursor();
    process.off("exit", this.#showCursor);
  }

  #erase(): string {
    return this.#drawn.length > 0 ? `\x1b[${this.#drawn.length}A\r\x1b[J` : "";
  }
}
