import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

const SKIPPED = new Set(["node_modules", "target", "dist", "build", ".git"]);

/**
 * A digest of all files below the given paths: their names and contents.
 *
 * @param {readonly string[]} paths
 */
export function digest(paths) {
  const hash = createHash("sha256");
  for (const file of paths.flatMap(filesBelow).sort()) hash.update(`${file}\0`).update(readFileSync(file));
  return hash.digest("hex");
}

/**
 * True when the stamp holds this digest and every output is there.
 *
 * @param {string} stamp
 * @param {string} wanted
 * @param {readonly string[]} outputs
 */
export function isFresh(stamp, wanted, outputs) {
  return (
    existsSync(stamp) && readFileSync(stamp, "utf8") === wanted && outputs.every((path) => existsSync(path))
  );
}

/**
 * @param {string} stamp
 * @param {string} value
 */
export function writeStamp(stamp, value) {
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, value);
}

/**
 * @param {string} path
 * @returns {string[]}
 */
function filesBelow(path) {
  if (!existsSync(path)) return [];
  if (statSync(path).isFile()) return [path];
  return readdirSync(path)
    .filter((name) => !SKIPPED.has(name) && !name.endsWith(".node"))
    .flatMap((name) => filesBelow(join(path, name)));
}
