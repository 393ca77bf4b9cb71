import { realpath, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, isAbsolute, join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import type { CallContext } from "./context.js";

/** Where a tool looks, and how it names what it finds there. */
export interface SearchScope {
  /** Absolute path of a folder or a file, its links resolved. */
  readonly root: string;
  readonly isFile: boolean;
  /** Turns a path below the root into one that other tools understand: relative to the project if it lies in it. */
  readonly prefix: string;
}

/**
 * The place that a tool may look at. Outside the project it needs the user's consent, and a symbolic link counts
 * as what it points to. What is found below follows no links, so that nothing found lies elsewhere.
 * @throws the host's rejection, or an error that says what is wrong with the path.
 */
export async function searchScope(
  directory: string,
  path: string | undefined,
  context: CallContext,
): Promise<SearchScope> {
  const wanted = resolve(directory, localPath(path ?? "."));
  // As the host has it: the repository is inside. Its root is "/" where there is none.
  const { worktree } = context;
  const home = worktree && worktree !== "/" ? worktree : directory;
  const [real, project, base] = await Promise.all(
    [wanted, home, directory].map((one) => realpath(one)),
  ).catch((error: NodeJS.ErrnoException) => {
    throw new Error(refusal(path ?? ".", error));
  });
  if (real === undefined || project === undefined || base === undefined) throw new Error("unreachable");
  const isFile = (await stat(real)).isFile();
  const folder = isFile ? dirname(real) : real;
  // From here on the link's target is meant, whatever the link is made to point to meanwhile.
  if (isInside(project, real)) return { root: real, isFile, prefix: prefixOf(base, folder) };
  const pattern = join(folder, "*");
  await context.ask({
    permission: "external_directory",
    patterns: [pattern],
    always: [pattern],
    metadata: { filepath: real, parentDir: folder },
  });
  return { root: real, isFile, prefix: withSlash(folder) };
}

/** A path as people and models write it: a file URL, or one below `~`, is as good as any. */
function localPath(path: string): string {
  if (/^file:/i.test(path)) {
    try {
      return fileURLToPath(path);
    } catch {
      throw new Error(`${path} names no file of this computer: give a path relative to the project.`);
    }
  }
  return /^~($|[\\/])/.test(path) ? join(homedir(), path.slice(1)) : path;
}

function refusal(path: string, { code }: NodeJS.ErrnoException): string {
  if (code === "EACCES" || code === "EPERM") return `${path} may not be read: permission denied.`;
  if (code === "ELOOP") return `${path} is a link that leads back to itself.`;
  return `There is no ${path}: give a path relative to the project, or an absolute one.`;
}

/** A path of the project as the host's rules for edits name it: relative to the repository, where there is one. */
export function worktreePath(directory: string, path: string, worktree: string): string {
  if (!worktree || worktree === "/") return path;
  return relative(worktree, resolve(directory, path)).replaceAll("\\", "/");
}

function prefixOf(base: string, folder: string): string {
  const inside = relative(base, folder);
  return inside === "" ? "" : withSlash(inside);
}

function withSlash(folder: string): string {
  const slashed = sep === "\\" ? folder.replaceAll("\\", "/") : folder;
  return slashed.endsWith("/") ? slashed : `${slashed}/`;
}

function isInside(project: string, path: string): boolean {
  const inside = relative(project, path);
  return inside !== ".." && !inside.startsWith(`..${sep}`) && !isAbsolute(inside);
}
