import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { type NativeStore, openStore } from "../native/index.js";
import { stateFile } from "../node/index.js";
import { type Environment, EXIT } from "./environment.js";

export const PROJECT_OPTIONS = { project: { type: "string" }, json: { type: "boolean" } } as const;

/** Runs something on the state of a project's missions. Answers its exit code. */
export async function withStore(
  project: string | undefined,
  { directory, warn }: Environment,
  run: (store: NativeStore) => Promise<number>,
): Promise<number> {
  const file = stateFile(resolve(directory, project ?? "."));
  if (!existsSync(file)) {
    warn(`There is no mission state at ${file}. Start a mission in OpenCode with /task, or give --project.`);
    return EXIT.error;
  }
  const store = await openStore(file);
  try {
    return await run(store);
  } finally {
    await store.close();
  }
}
