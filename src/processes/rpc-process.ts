import { type ChildProcess, spawn } from "node:child_process";
import {
  createMessageConnection,
  type MessageConnection,
  StreamMessageReader,
  StreamMessageWriter,
} from "vscode-jsonrpc/node";

export interface RpcProgram {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /**
   * In a process group of its own, which is ended as a whole, and also when this process is killed. For programs that
   * are not ours: they start others, and need not notice that nobody listens any more.
   */
  readonly ownGroup?: boolean;
}

/** How much of the standard error is kept: its end, where a crash says why. */
const KEPT_ERRORS = 2_000;
/** For the last words of a process that has ended, while another one may hold its pipes. */
const LAST_WORDS_MS = 250;
/** Between two looks at whether a group is gone. */
const LOOK_MS = 5;
/** Between the death of this process and that of a group which has not ended by itself. */
const ORPHAN_SECONDS = 3;

/**
 * Becomes the program, and leaves behind a shell in its process group that waits for the other end of descriptor 3 to
 * close, as it does however this process ends, and then kills the group: itself, and what is left.
 */
const GUARDED = `{ read -r _ <&3; sleep ${ORPHAN_SECONDS}; kill -9 -$$; } </dev/null >/dev/null 2>&1 & exec "$0" "$@" 3<&-`;

/** A child process that speaks JSON-RPC on its standard input and output. It holds this one open only on demand. */
export class RpcProcess {
  readonly connection: MessageConnection;
  /** How it ended, for people: `exit code 1`. Settles when it is gone and its last words are read. */
  readonly exited: Promise<string>;
  readonly #child: ChildProcess;
  readonly #ownGroup: boolean;
  #errors = "";
  #holds = 0;

  constructor({ command, args, cwd, env, ownGroup = false }: RpcProgram) {
    this.#ownGroup = ownGroup;
    const guarded = ownGroup && process.platform !== "win32";
    // Node starts a batch file through a shell only, as which npm installs programs on Windows.
    const shell = process.platform === "win32" && /\.(cmd|bat)$/i.test(command);
    const child = spawn(
      guarded ? "/bin/sh" : shell ? `"${command}"` : command,
      guarded ? ["-c", GUARDED, command, ...args] : [...args],
      {
        cwd,
        env: { ...env },
        stdio: guarded ? ["pipe", "pipe", "pipe", "pipe"] : ["pipe", "pipe", "pipe"],
        detached: guarded,
        windowsHide: true,
        shell,
      },
    );
    this.#child = child;
    const { stdin, stdout, stderr } = child;
    if (!stdin || !stdout || !stderr) throw new Error(`${command} has no standard input and output`);
    stderr.setEncoding("utf8").on("data", (text: string) => {
      this.#errors = (this.#errors + text).slice(-KEPT_ERRORS);
    });
    // What it cannot be told any more shows as its end.
    stdin.on("error", () => undefined);
    child.stdio[3]?.on("error", () => undefined);
    this.exited = this.#end();
    this.connection = createMessageConnection(
      new StreamMessageReader(stdout),
      new StreamMessageWriter(stdin),
      {
        error: () => undefined,
        warn: () => undefined,
        info: () => undefined,
        log: () => undefined,
      },
    );
    // An answer that cannot be read would be waited for for ever: such a process ends, and its calls with it.
    this.connection.onError(() => this.kill());
    this.connection.listen();
    this.#reference(false);
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** The end of what it wrote to its standard error. */
  get errors(): string {
    return this.#errors.trim();
  }

  /** Keeps this process from ending by itself, until the answer is called. */
  hold(): () => void {
    if (this.#holds++ === 0) this.#reference(true);
    let held = true;
    return () => {
      if (held && --this.#holds === 0) this.#reference(false);
      held = false;
    };
  }

  closeInput(): void {
    this.#child.stdin?.end();
  }

  /** SIGKILL, for the whole group if it has one. */
  kill(): void {
    const { pid } = this.#child;
    if (!this.#ownGroup || pid === undefined) {
      this.#child.kill("SIGKILL");
      return;
    }
    try {
      if (process.platform === "win32")
        spawn("taskkill", ["/pid", String(pid), "/T", "/F"], { windowsHide: true }).unref();
      else process.kill(-pid, "SIGKILL");
    } catch {
      // The group is gone already, which is what was wanted.
    }
  }

  #end(): Promise<string> {
    const child = this.#child;
    return new Promise((resolve) => {
      const closed = new Promise((close) => child.once("close", close));
      child.once("error", (error) => resolve(error.message));
      child.once("exit", async (code, signal) => {
        // What it has started, and the shell that watches over it.
        if (this.#ownGroup) this.kill();
        await Promise.race([Promise.all([closed, this.#groupGone()]), pause(LAST_WORDS_MS)]);
        for (const stream of child.stdio) stream?.destroy();
        resolve(signal ? `signal ${signal}` : `exit code ${code}`);
      });
    });
  }

  /** A signal is sent at once, and death takes a moment. */
  async #groupGone(): Promise<void> {
    const { pid } = this.#child;
    if (!this.#ownGroup || pid === undefined || process.platform === "win32") return;
    const end = performance.now() + LAST_WORDS_MS;
    while (performance.now() < end) {
      try {
        process.kill(-pid, 0);
      } catch {
        return;
      }
      await pause(LOOK_MS);
    }
  }

  #reference(open: boolean): void {
    for (const handle of [this.#child, ...this.#child.stdio]) {
      const one = handle as { ref?(): void; unref?(): void } | null | undefined;
      if (open) one?.ref?.();
      else one?.unref?.();
    }
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((wake) => setTimeout(wake, ms).unref());
}
