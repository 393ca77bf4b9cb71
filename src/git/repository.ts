import { homedir } from "node:os";
import { join } from "node:path";
import { GitError, git, gitLine } from "./command.js";

/** The user's repository around a folder. It is only read. */
export interface Repository {
  /** Root of the working tree, absolute, links resolved. */
  readonly root: string;
  /** Its own git folder: of the worktree, where it is a linked one. */
  readonly gitDirectory: string;
  /** The git folder that all worktrees share: objects, refs, hooks, configuration. */
  readonly commonDirectory: string;
  readonly objectFormat: string;
}

/**
 * The repository that a folder lies in; undefined where there is none, or it has no working tree.
 * @throws GitError `ERR_GIT_MISSING`
 */
export async function findRepository(directory: string): Promise<Repository | undefined> {
  try {
    const answer = await gitLine(
      [
        "rev-parse",
        "--path-format=absolute",
        "--show-toplevel",
        "--absolute-git-dir",
        "--git-common-dir",
        "--show-object-format",
      ],
      { cwd: directory },
    );
    // Folders with a line feed in their names are not worth a wrong answer.
    const lines = answer.split("\n");
    const [root, gitDirectory, commonDirectory, objectFormat] = lines;
    if (lines.length !== 4 || !root || !gitDirectory || !commonDirectory || !objectFormat) return undefined;
    return { root, gitDirectory, commonDirectory, objectFormat };
  } catch (error) {
    if (error instanceof GitError && error.code === "ERR_GIT") return undefined;
    throw error;
  }
}

/** The file of the user's own ignore rules, which count in every repository. */
export async function userExcludes(directory: string): Promise<string> {
  const { stdout } = await git(["config", "--type=path", "--get", "core.excludesFile"], {
    cwd: directory,
    codes: [0, 1],
  });
  const configured = stdout.toString("utf8").trimEnd();
  return configured || join(process.env["XDG_CONFIG_HOME"] || join(homedir(), ".config"), "git", "ignore");
}
