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

/** States of the working tree that missions are measured against. */
export function treeFolder(directory: string): string {
  return join(stateFolder(directory), "tree");
}

/** Edits of that file which were not applied. */
export function conflictFile(directory: string): string {
  return join(stateFolder(directory), "todo.conflict.md");
}

/** Where what can be made anew is kept between processes: the system's folder for caches. */
export function cacheFolder(name: string): string {
  const { XDG_CACHE_HOME, LOCALAPPDATA } = process.env;
  const caches =
    process.platform === "win32"
      ? (LOCALAPPDATA ?? join(homedir(), "AppData", "Local"))
      : process.platform === "darwin"
        ? join(homedir(), "Library", "Caches")
        : XDG_CACHE_HOME || join(homedir(), ".cache");
  return join(caches, "opencode-orchestrator", name);
}
