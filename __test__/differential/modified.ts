import { statSync } from "node:fs";
import { located } from "./ripgrep.js";

/** When a file was last modified, in nanoseconds. */
export function modified(root: string, path: Buffer): bigint {
  return statSync(located(root, path), { bigint: true }).mtimeNs;
}
