import { homedir } from "node:os";
import { join } from "node:path";

/** Where a project keeps the state of its missions. */
export function stateFolder(directory: string): string {
  return join(directory, ".opencode", "orchestrator");
}

/** The store's file. */
export function stateFile(directory: string): string {
  return join(stateFolder(directory), "state.db");
}

/** The plan as people read it. */
export function todoFile(directory: string): string {
  return join(stateFolder(directory), "todo.md");
}

/** The project's notes as people read them. */
export function memoryFile(directory: string): string {
  return join(stateFolder(directory), "memory.md");
}

/** States of the working tree that missions are measured against. */
export function treeFolder(directory: string): string {
  return join(stateFolder(directory), "tree");
}

/** Edits of todo.md which were not applied. */
export function conflictFile(directory: string): string {
  return join(stateFolder(directory), "todo.conflict.md");
}

/** Whose caches: by default those of who runs this process. */
export interface CacheOwner {
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly home: string;
}

/** Where what can be made anew is kept between processes: the system's folder for caches. */
export function cacheFolder(
  name: string,
  { variables, home }: CacheOwner = { variables: process.env, home: homedir() },
): string {
  const { XDG_CACHE_HOME, LOCALAPPDATA } = variables;
  const caches =
    process.platform === "win32"
      ? (LOCALAPPDATA ?? join(home, "AppData", "Local"))
      : process.platform === "darwin"
        ? join(home, "Library", "Caches")
        : XDG_CACHE_HOME || join(home, ".cache");
  return join(caches, "opencode-orchestrator", name);
}
