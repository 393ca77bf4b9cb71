import { type ChildProcess, spawn } from "node:child_process";

export interface SpawnOptions {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

const OUTPUT_GRACE_MS = 250;

/** The newest part of a process's output, bounded. */
class OutputTail {
  static readonly limit = 1024 * 1024;
  text = "";

  append(piece: string): void {
    this.text = (this.text + piece).slice(-OutputTail.limit);
  }
}

/**
 * A child process that cannot outlive this one, however this one ends.
 *
 * Signals go to exactly this process, and never after its end is known: a process id is reused.
 */
export class OwnedProcess {
  readonly exited: Promise<Exit>;
  readonly #child: ChildProcess;
  readonly #stdout = new OutputTail();
  readonly #stderr = new OutputTail();
  #exit: Exit | undefined;

  constructor(command: string, args: readonly string[], { cwd, env }: SpawnOptions) {
    // The host takes its directory from $PWD and not from the working directory.
    const child = spawn(command, [...args], {
      cwd,
      env: { ...env, PWD: cwd },
      stdio: ["ignore", "pipe", "pipe"],
      // Ctrl-C goes to everyone in the terminal's process group; when this child ends is for us to say.
      detached: process.platform !== "win32",
    });
    this.#child = child;
    child.stdout.setEncoding("utf8").on("data", (text: string) => this.#stdout.append(text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => this.#stderr.append(text));
    const { pid } = child;
    if (pid !== undefined) undertaker().watch(pid);
    this.exited = new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("exit", (code, signal) => {
        if (pid !== undefined) undertaker().forget(pid);
        const exit: Exit = { code, signal };
        this.#exit = exit;
        // "close" comes when the last output is read. A grandchild that inherited the pipe can hold it back.
        const settle = () => {
          clearTimeout(timer);
          child.stdout.destroy();
          child.stderr.destroy();
          resolve(exit);
        };
        const timer = setTimeout(settle, OUTPUT_GRACE_MS);
        child.once("close", settle);
      });
    });
    // A failed start is reported to whoever awaits `exited`, if anyone does.
    this.exited.catch(() => undefined);
  }

  get pid(): number {
    if (this.#child.pid === undefined) throw new Error(`${this.#child.spawnfile} did not start`);
    return this.#child.pid;
  }

  /** How the process ended; `undefined` while it runs. */
  get exit(): Exit | undefined {
    return this.#exit;
  }

  get stdout(): string {
    return this.#stdout.text;
  }

  get stderr(): string {
    return this.#stderr.text;
  }

  /** SIGKILL, and the end of the process. */
  async kill(): Promise<Exit> {
    this.#child.kill("SIGKILL");
    return this.exited;
  }

  /** SIGTERM, after `graceMs` SIGKILL, and the end of the process. */
  async stop(graceMs: number): Promise<Exit> {
    this.#child.kill("SIGTERM");
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), graceMs);
    try {
      return await this.exited;
    } finally {
      clearTimeout(timer);
    }
  }
}

/**
 * A small process that kills what is left when our end of its pipe closes, which also happens when
 * we are killed with SIGKILL: no `exit` handler of our own would run then.
 */
interface Undertaker {
  watch(pid: number): void;
  forget(pid: number): void;
}

const UNDERTAKER_PROGRAM = `
const pids = new Set();
let rest = "";
process.stdin.setEncoding("utf8");
process.stdin.on("data", (text) => {
  const lines = (rest + text).split("\\n");
  rest = lines.pop();
  for (const line of lines) pids[line[0] === "+" ? "add" : "delete"](Number(line.slice(1)));
});
process.stdin.on("close", () => {
  for (const pid of pids) try { process.kill(pid, "SIGKILL"); } catch {}
});
`;

let running: Undertaker | undefined;

function undertaker(): Undertaker {
  running ??= startUndertaker();
  return running;
}

function startUndertaker(): Undertaker {
  // Detached: Ctrl-C in the terminal must not end it before us.
  const child = spawn(process.execPath, ["--eval", UNDERTAKER_PROGRAM], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
    env: {},
  });
  const { stdin } = child;
  child.unref();
  (stdin as unknown as { unref?(): void }).unref?.();
  stdin.on("error", () => undefined);
  return {
    watch: (pid) => void stdin.write(`+${pid}\n`),
    forget: (pid) => void stdin.write(`-${pid}\n`),
  };
}
