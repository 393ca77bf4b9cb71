import { glob } from "tinyglobby";
import type { Engine } from "./engine.js";

/** It reads no ignore files: of our globs, no match is ignored. */
export function tinyglobbyEngine(root: string): Engine {
  return {
    async glob(query) {
      // Expanded, the name of a folder would find all that is below it.
      const paths = await glob(query.glob, { cwd: root, expandDirectories: false });
      return { count: paths.length, keys: () => paths };
    },
    [Symbol.asyncDispose]: async () => undefined,
  };
}
