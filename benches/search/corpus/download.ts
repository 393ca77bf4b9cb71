import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { corpusFolder } from "./location.js";

const run = promisify(execFile);
const AT_ONCE = 4;

export function tarballPath(specifier: string): string {
  return join(corpusFolder(), "tarballs", `${folderName(specifier)}.tgz`);
}

/** `@scope/name@1.2.3` as one path component: `scope-name-1.2.3`. */
export function folderName(specifier: string): string {
  return specifier.replace(/^@/, "").replace("/", "-").replace("@", "-");
}

/** Fetches the packages that are not there yet, some at a time; npm checks their integrity. */
export async function download(
  specifiers: readonly string[],
  onProgress: (line: string) => void,
): Promise<void> {
  const missing = specifiers.filter((specifier) => !existsSync(tarballPath(specifier)));
  await mkdir(join(corpusFolder(), "tarballs"), { recursive: true });
  const queue = missing.entries();
  const worker = async () => {
    for (const [index, specifier] of queue) {
      await fetchTarball(specifier);
      onProgress(`fetched ${index + 1} of ${missing.length}: ${specifier}`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

/** The tarball appears whole or not at all, so that an interrupted run can be repeated. */
async function fetchTarball(specifier: string): Promise<void> {
  const folder = await mkdtemp(join(corpusFolder(), "fetch-"));
  try {
    await run("npm", ["pack", specifier, "--silent", "--pack-destination", folder], { cwd: folder });
    const [file] = await readdir(folder);
    if (file === undefined) throw new Error(`npm pack ${specifier} wrote no file`);
    await rename(join(folder, file), tarballPath(specifier));
  } finally {
    await rm(folder, { recursive: true });
  }
}
