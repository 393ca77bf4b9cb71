import { execFile } from "node:child_process";
import { copyFile, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/**
 * The work tree of a git repository, photographed: what changed between two moments, new files included, whatever
 * was uncommitted before. The repository's index and objects are left as they are.
 */
export class WorkTree implements AsyncDisposable {
  readonly #directory: string;
  readonly #scratch: string;
  readonly #environment: NodeJS.ProcessEnv;
  readonly #before: string;

  private constructor(directory: string, scratch: string, environment: NodeJS.ProcessEnv, before: string) {
    this.#directory = directory;
    this.#scratch = scratch;
    this.#environment = environment;
    this.#before = before;
  }

  /** The tree as it is now, or undefined where there is no git repository. */
  static async open(directory: string): Promise<WorkTree | undefined> {
    const git = (...args: string[]) =>
      run("git", args, { cwd: directory }).then(({ stdout }) => stdout.trim());
    const objects = await git("rev-parse", "--git-path", "objects").catch(() => undefined);
    if (objects === undefined) return undefined;
    const scratch = await mkdtemp(join(tmpdir(), "orchestrator-tree-"));
    const own = join(scratch, "objects");
    await mkdir(own);
    // With the repository's own index to begin with, git reads only the files that have changed.
    const index = resolve(directory, await git("rev-parse", "--git-path", "index"));
    await copyFile(index, join(scratch, "index")).catch(() => undefined);
    const alternates = [resolve(directory, objects), process.env["GIT_ALTERNATE_OBJECT_DIRECTORIES"]];
    const environment = {
      ...process.env,
      GIT_INDEX_FILE: join(scratch, "index"),
      GIT_OBJECT_DIRECTORY: own,
      GIT_ALTERNATE_OBJECT_DIRECTORIES: alternates.filter(Boolean).join(delimiter),
    };
    return new WorkTree(directory, scratch, environment, await photograph(directory, environment));
  }

  /** `git diff` from the first moment to now, of this folder. */
  async diff(...args: readonly string[]): Promise<string> {
    const now = await photograph(this.#directory, this.#environment);
    return git(this.#directory, this.#environment, "diff", "--relative", ...args, this.#before, now);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#scratch, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function photograph(directory: string, environment: NodeJS.ProcessEnv): Promise<string> {
  await git(directory, environment, "add", "--all", "--", ".");
  return (await git(directory, environment, "write-tree")).trim();
}

async function git(cwd: string, env: NodeJS.ProcessEnv, ...args: string[]): Promise<string> {
  const { stdout } = await run("git", args, { cwd, env, maxBuffer: 256 * 1024 * 1024 });
  return stdout;
}
