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
