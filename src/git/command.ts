import { spawn } from "node:child_process";
import { devNull } from "node:os";

/** A git command that failed, with what it said. */
export class GitError extends Error {
  override readonly name = "GitError";
  readonly code: "ERR_GIT_MISSING" | "ERR_GIT";
  readonly exitCode: number | null;
  readonly stderr: string;

  constructor(
    args: readonly string[],
    end: { readonly exitCode: number | null; readonly stderr: string; readonly isMissing?: boolean },
  ) {
    const said = end.stderr.trim().slice(0, 2_000);
    super(end.isMissing ? "there is no git on this computer" : `git ${args.slice(0, 3).join(" ")}: ${said}`);
    this.code = end.isMissing ? "ERR_GIT_MISSING" : "ERR_GIT";
    this.exitCode = end.exitCode;
    this.stderr = end.stderr;
  }
}

export interface GitOptions {
  readonly cwd: string;
  /** Added to the environment, in which no other variable begins with `GIT_`. */
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string | Buffer;
  /** Exit codes that are an answer. Default: 0. */
  readonly codes?: readonly number[];
}

export interface GitAnswer {
  readonly exitCode: number;
  readonly stdout: Buffer;
}

/**
 * What a repository's configuration could have git run, switched off: a file system monitor, hooks, a pager or an
 * editor, signing, automatic collection.
 */
const HARMLESS = [
  "core.fsmonitor=false",
  `core.hooksPath=${devNull}`,
  "core.untrackedCache=false",
  "core.quotePath=false",
  "commit.gpgSign=false",
  "gc.auto=0",
  "maintenance.auto=false",
  "submodule.recurse=false",
  "diff.external=",
].flatMap((setting) => ["-c", setting]);

/** Output that is larger ends the command: nothing that we ask for is. */
const MAX_OUTPUT = 256 * 2 ** 20;

/** Runs git without a shell. It asks nothing, takes no optional lock, fetches nothing and runs no code of the repository. */
export function git(args: readonly string[], options: GitOptions): Promise<GitAnswer> {
  const child = spawn("git", [...HARMLESS, ...args], {
    cwd: options.cwd,
    env: environment(options.env),
    stdio: ["pipe", "pipe", "pipe"],
    windowsHide: true,
  });
  const chunks: Buffer[] = [];
  let size = 0;
  let stderr = "";
  child.stdout.on("data", (chunk: Buffer) => {
    chunks.push(chunk);
    size += chunk.length;
    if (size > MAX_OUTPUT) child.kill();
  });
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
    stderr = (stderr + chunk).slice(-8_192);
  });
  // A command that has ended reads no more: its exit code says why.
  child.stdin.on("error", () => undefined).end(options.input ?? "");
  return new Promise((resolve, reject) => {
    child.once("error", (error: NodeJS.ErrnoException) =>
      reject(
        new GitError(args, { exitCode: null, stderr: error.message, isMissing: error.code === "ENOENT" }),
      ),
    );
    child.once("close", (exitCode) => {
      if (exitCode !== null && size <= MAX_OUTPUT && (options.codes ?? [0]).includes(exitCode))
        resolve({ exitCode, stdout: Buffer.concat(chunks) });
      else reject(new GitError(args, { exitCode, stderr }));
    });
  });
}

/** The output as one line of text. */
export async function gitLine(args: readonly string[], options: GitOptions): Promise<string> {
  return (await git(args, options)).stdout.toString("utf8").replace(/\r?\n$/, "");
}

/** Splits the output of a `-z` option. Names are bytes: not every one is UTF-8. */
export function entries(output: Buffer): Buffer[] {
  const found: Buffer[] = [];
  for (let from = 0; from < output.length; ) {
    const end = output.indexOf(0, from);
    const to = end < 0 ? output.length : end;
    found.push(output.subarray(from, to));
    from = to + 1;
  }
  return found;
}

/** Everything but what would point git somewhere else. */
function environment(added: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([name]) => !/^GIT_/i.test(name));
  return {
    ...Object.fromEntries(inherited),
    LC_ALL: "C",
    GIT_OPTIONAL_LOCKS: "0",
    GIT_TERMINAL_PROMPT: "0",
    GIT_NO_LAZY_FETCH: "1",
    GIT_NO_REPLACE_OBJECTS: "1",
    GIT_LITERAL_PATHSPECS: "1",
    ...added,
  };
}
