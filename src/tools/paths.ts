import { realpath, stat } from "node:fs/promises";
import { dirname, isAbsolute, join, relative, resolve, sep } from "node:path";
import type { CallContext } from "./context.js";

/** Where a tool looks, and how it names what it finds there. */
export interface SearchScope {
  /** Absolute path of a folder or a file. */
  readonly root: string;
  /** Turns a path below the root into one that other tools understand: relative to the project if it lies in it. */
  readonly prefix: string;
}

/**
 * The place that a tool may look at. Outside the project it needs the user's consent, and a symbolic link counts
 * as what it points to.
 * @throws the host's rejection, or an error that says that there is no such path.
 */
export async function searchScope(
  directory: string,
  path: string | undefined,
  context: CallContext,
): Promise<SearchScope> {
  const wanted = resolve(directory, path ?? ".");
  // As the host has it: the repository is inside. Its root is "/" where there is none.
  const { worktree } = context;
  const home = worktree && worktree !== "/" ? worktree : directory;
  const [real, project] = await Promise.all([realpath(wanted), realpath(home)]).catch(() => {
    throw new Error(`There is no ${path ?? "."}: give a path relative to the project, or an absolute one.`);
  });
  const isFile = (await stat(real)).isFile();
  if (isInside(project, real))
    return { root: wanted, prefix: prefixOf(directory, isFile ? dirname(wanted) : wanted) };
  const folder = isFile ? dirname(real) : real;
  const pattern = join(folder, "*");
  await context.ask({
    permission: "external_directory",
    patterns: [pattern],
    always: [pattern],
    metadata: { filepath: real, parentDir: folder },
  });
  return { root: real, prefix: `${folder}/`.replaceAll("\\", "/") };
}

/** A path of the project as the host's rules for edits name it: relative to the repository, where there is one. */
export function worktreePath(directory: string, path: string, worktree: string): string {
  if (!worktree || worktree === "/") return path;
  return relative(worktree, resolve(directory, path)).replaceAll("\\", "/");
}

function prefixOf(directory: string, folder: string): string {
  const base = relative(directory, folder);
  return base === "" ? "" : `${base}/`.replaceAll("\\", "/");
}

function isInside(project: string, path: string): boolean {
  const inside = relative(project, path);
  return inside !== ".." && !inside.startsWith(`..${sep}`) && !isAbsolute(inside);
}
