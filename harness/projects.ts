import { execFile } from "node:child_process";
import { mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { devNull, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { prepareProject } from "./opencode-home.js";

const run = promisify(execFile);

export interface ProjectOptions {
  /** Contents by path, relative to the project. Default: one `README.md`. */
  readonly files?: Readonly<Record<string, string>>;
}

/** A git repository in the temporary directory, with one commit. */
export class Project implements AsyncDisposable {
  /** Absolute, without symlinks: what the host reports as its directory. */
  readonly directory: string;

  constructor(directory: string) {
    this.directory = directory;
  }

  path(...segments: readonly string[]): string {
    return join(this.directory, ...segments);
  }

  /** Runs git in the project, with no configuration but the repository's own; answers its output. */
  async git(...args: readonly string[]): Promise<string> {
    const env = { ...process.env, GIT_CONFIG_GLOBAL: devNull, GIT_CONFIG_NOSYSTEM: "1" };
    const { stdout } = await run("git", [...args], { cwd: this.directory, env, maxBuffer: 64 * 1024 * 1024 });
    return stdout;
  }

  /** Removes the directory. */
  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.directory, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Creates a project that the host boots without an install. */
export async function createProject({
  files = { "README.md": "# Project\n" },
}: ProjectOptions = {}): Promise<Project> {
  const project = new Project(await realpath(await mkdtemp(join(tmpdir(), "orchestrator-project-"))));
  for (const [path, contents] of Object.entries(files)) {
    await mkdir(dirname(project.path(path)), { recursive: true });
    await writeFile(project.path(path), contents);
  }
  await project.git("init", "--quiet", "--initial-branch=main");
  await project.git("config", "user.name", "Test");
  await project.git("config", "user.email", "test@example.invalid");
  await project.git("config", "commit.gpgsign", "false");
  await project.git("add", "--all");
  await project.git("commit", "--quiet", "--allow-empty", "--message", "Start");
  await prepareProject(project.directory);
  return project;
}
