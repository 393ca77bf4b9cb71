import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, readdir, rm, stat, utimes } from "node:fs/promises";
import { join, relative } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

const SOURCE = /\.(?:[cm]?[jt]s|[jt]sx|json|md|s?css)$/;
/** Bundles are larger; checked-in source hardly ever is. */
const MAX_FILE_BYTES = 1024 * 1024;

/** Unpacks a package and leaves of it what a repository would have: source-like text of ordinary size. */
export async function unpackSources(tarball: string, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await run("tar", ["-xzf", tarball, "--strip-components=1", "--no-same-owner", "-C", folder]);
  await prune(folder, folder);
}

/** Removes what does not belong, and answers whether anything is left. */
async function prune(root: string, folder: string): Promise<boolean> {
  let kept = false;
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    const wanted = entry.isDirectory()
      ? entry.name !== "node_modules" && (await prune(root, path))
      : entry.isFile() && (await isSource(path, entry.name));
    if (!wanted) await rm(path, { recursive: true, force: true });
    else if (entry.isFile()) await spreadModificationTime(path, relative(root, path));
    kept ||= wanted;
  }
  return kept;
}

async function isSource(path: string, name: string): Promise<boolean> {
  return SOURCE.test(name) && (await stat(path)).size <= MAX_FILE_BYTES;
}

/** npm gives all files one date. A repository's files have many: here, any second of 2024, by the path's hash. */
async function spreadModificationTime(path: string, relativePath: string): Promise<void> {
  const hash = createHash("sha256").update(relativePath).digest().readUInt32BE();
  const time = Date.UTC(2024, 0) / 1000 + (hash % (365 * 24 * 3600));
  await utimes(path, time, time);
}
