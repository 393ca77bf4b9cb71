import type { Engine } from "./engine.js";
import type { EngineName } from "./names.js";

/** Each engine's process loads no other engine. */
const OPENERS: Record<EngineName, (root: string) => Promise<Engine>> = {
  "rg-json": async (root) => (await import("./ripgrep.js")).ripgrepJson(root),
  "rg-json-to-end": async (root) => (await import("./ripgrep.js")).ripgrepJsonToEnd(root),
  "rg-count": async (root) => (await import("./ripgrep.js")).ripgrepCount(root),
  fff: async (root) => (await import("./fff.js")).openFff(root),
  "fast-glob": async (root) => (await import("./fast-glob.js")).fastGlobEngine(root),
  tinyglobby: async (root) => (await import("./tinyglobby.js")).tinyglobbyEngine(root),
  "ast-grep": async (root) => (await import("./ast-grep.js")).astGrepEngine(root),
  "ours-unindexed": async (root) => (await import("./ours.js")).openOurs(root, false),
  ours: async (root) => (await import("./ours.js")).openOurs(root, {}),
};

export function openEngine(name: EngineName, root: string): Promise<Engine> {
  return OPENERS[name](root);
}
