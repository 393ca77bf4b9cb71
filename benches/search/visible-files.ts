import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { rgPath } from "@vscode/ripgrep";

const run = promisify(execFile);

/** The files that a search sees, relative to the folder: neither hidden nor ignored. */
export async function visibleFiles(folder: string): Promise<string[]> {
  const { stdout } = await run(rgPath, ["--no-config", "--files"], {
    cwd: folder,
    maxBuffer: Number.POSITIVE_INFINITY,
  });
  return stdout.trimEnd().split("\n");
}
