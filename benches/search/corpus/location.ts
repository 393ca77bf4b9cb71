import { homedir } from "node:os";
import { join, resolve } from "node:path";
import type { TreeName } from "./packages.js";

/** Where the corpus is kept: `$BENCH_CORPUS`, or a folder of the user's cache. */
export function corpusFolder(): string {
  const chosen = process.env["BENCH_CORPUS"];
  return chosen ? resolve(chosen) : join(homedir(), ".cache", "opencode-orchestrator-bench");
}

export function treeFolder(name: TreeName): string {
  return join(corpusFolder(), name);
}
