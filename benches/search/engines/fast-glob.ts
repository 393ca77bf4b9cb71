import fastGlob from "fast-glob";
import type { Engine } from "./engine.js";

/** It reads no ignore files: of our globs, no match is ignored. */
export function fastGlobEngine(root: string): Engine {
  return {
    async glob(query) {
      const paths = await fastGlob(query.glob, { cwd: root });
      return { count: paths.length, keys: () => paths };
    },
    [Symbol.asyncDispose]: async () => undefined,
  };
}
