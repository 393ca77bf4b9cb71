import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { promisify } from "node:util";
import { waitUntil } from "./wait-until.js";

const run = promisify(execFile);

export interface TerminalOptions {
  readonly command: readonly string[];
  readonly directory: string;
  /** All of its environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Default: 150 by 45. */
  readonly size?: { readonly columns: number; readonly rows: number };
}

/** A program in a terminal of its own (tmux, with a server of its own): it is typed to and looked at. */
export class Terminal implements AsyncDisposable {
  readonly #server: string;

  private constructor(server: string) {
    this.#server = server;
  }

  static async open({ command, directory, env, size }: TerminalOptions): Promise<Terminal> {
    const terminal = new Terminal(`orchestrator-${randomUUID()}`);
    const { columns, rows } = size ?? { columns: 150, rows: 45 };
    const variables = { ...env, PWD: directory, TERM: "xterm-256color", COLORTERM: "truecolor" };
    await terminal.#tmux(
      ...["-f", "/dev/null", "new-session", "-d", "-x", String(columns), "-y", String(rows), "-c", directory],
      ...["env", "-i", ...Object.entries(variables).map(([name, value]) => `${name}=${value}`), ...command],
    );
    return terminal;
  }

  /** What is on the screen; with `colours`, with the escape sequences that make it so. */
  async screen({ colours = false } = {}): Promise<string> {
    return this.#tmux("capture-pane", "-p", ...(colours ? ["-e"] : []));
  }

  /** Presses keys, as tmux names them: `Enter`, `Escape`, `C-x`, `o`. */
  async press(...keys: readonly string[]): Promise<void> {
    for (const key of keys) await this.#tmux("send-keys", key);
  }

  async type(text: string): Promise<void> {
    await this.#tmux("send-keys", "-l", text);
  }

  async resize(columns: number, rows: number): Promise<void> {
    await this.#tmux("resize-window", "-x", String(columns), "-y", String(rows));
  }

  /** Waits until the screen is as wanted; answers it. Fails with the last screen. */
  async until(
    what: string,
    holds: RegExp | ((screen: string) => boolean),
    timeoutMs = 60_000,
  ): Promise<string> {
    const isSo = holds instanceof RegExp ? (screen: string) => holds.test(screen) : holds;
    let last = "";
    return waitUntil(
      async () => {
        last = await this.screen();
        return isSo(last) && last;
      },
      { what, timeoutMs, intervalMs: 100 },
    ).catch((error: Error) => {
      error.message += `; the screen:\n${last.trimEnd()}`;
      throw error;
    });
  }

  /** Ends the program. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#tmux("kill-server").catch(() => undefined);
  }

  async #tmux(...args: readonly string[]): Promise<string> {
    return (await run("tmux", ["-L", this.#server, ...args])).stdout;
  }
}
