import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { visibleFiles } from "./visible-files.js";

/** How the files are kept in memory while we measure. */
export interface CacheHold extends AsyncDisposable {
  readonly method: "vmtouch -l" | "read before each tree";
}

/** vmtouch maps every file, and Linux allows a process 65,530 mappings. */
const FILES_A_PROCESS = 50_000;

/** Locks the tree's files in the page cache, or reads them once where vmtouch cannot. */
export async function holdInCache(tree: string): Promise<CacheHold> {
  const paths = (await visibleFiles(tree)).map((path) => join(tree, path));
  const locks = new Locks();
  for (let start = 0; start < paths.length; start += FILES_A_PROCESS) {
    if (await locks.add(paths.slice(start, start + FILES_A_PROCESS))) continue;
    await locks[Symbol.asyncDispose]();
    for (const path of paths) await readFile(path);
    return { method: "read before each tree", [Symbol.asyncDispose]: async () => undefined };
  }
  return locks;
}

/** vmtouch's daemons. They go with this process. */
class Locks implements CacheHold {
  readonly method = "vmtouch -l";
  readonly #daemons: number[] = [];
  readonly #release = () => {
    for (const pid of this.#daemons.splice(0)) process.kill(pid);
  };

  constructor() {
    process.once("exit", this.#release);
  }

  /** Answers whether the files are locked. */
  async add(paths: readonly string[]): Promise<boolean> {
    const folder = await mkdtemp(join(tmpdir(), "bench-vmtouch-"));
    try {
      const [list, pidFile] = [join(folder, "list"), join(folder, "pid")];
      await writeFile(list, paths.join("\0"));
      // The daemon reports back once all pages are locked.
      const args = ["-q", "-l", "-d", "-w", "-P", pidFile, "-0", "-b", list];
      const [code] = await once(spawn("vmtouch", args, { stdio: "ignore" }), "close").catch(() => [-1]);
      if (code === 0) this.#daemons.push(Number(await readFile(pidFile, "utf8")));
      return code === 0;
    } finally {
      await rm(folder, { recursive: true });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    process.off("exit", this.#release);
    this.#release();
  }
}
