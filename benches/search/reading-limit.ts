import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { interleave } from "./rounds.js";
import { visibleFiles } from "./visible-files.js";

/** How long two threads or processes take to read all files of a tree from the page cache. */
export interface ReadingLimit {
  readonly tree: string;
  readonly method: string;
  readonly milliseconds: readonly number[];
}

const SCHEDULE = { rounds: 5, budgetMs: 10_000 };

export async function measureReadingLimit(tree: string, root: string): Promise<ReadingLimit[]> {
  const paths = (await visibleFiles(root)).map((path) => join(root, path));
  await using readers = await Readers.start(paths);
  const tasks = [
    { name: "two threads, readSync into one buffer", run: () => timed(() => readers.readAll()) },
    { name: "two processes, cat", run: () => timed(() => catAll(paths)) },
  ];
  const samples = await interleave(tasks, SCHEDULE);
  return tasks.map(({ name }) => ({ tree, method: name, milliseconds: samples.get(name) ?? [] }));
}

async function timed(work: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

/** Two threads that have their halves of the list before the clock starts. */
class Readers {
  readonly #workers: readonly Worker[];

  private constructor(workers: readonly Worker[]) {
    this.#workers = workers;
  }

  static async start(paths: readonly string[]): Promise<Readers> {
    const script = new URL("./search-read-worker.js", import.meta.url);
    const workers = [0, 1].map(
      (half) => new Worker(script, { workerData: paths.filter((_, index) => index % 2 === half) }),
    );
    await Promise.all(workers.map((worker) => once(worker, "online")));
    return new Readers(workers);
  }

  async readAll(): Promise<void> {
    const done = this.#workers.map((worker) => once(worker, "message"));
    for (const worker of this.#workers) worker.postMessage("read");
    await Promise.all(done);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }
}

async function catAll(paths: readonly string[]): Promise<void> {
  const xargs = spawn("xargs", ["-0", "-P2", "-n2000", "cat"], { stdio: ["pipe", "ignore", "inherit"] });
  xargs.stdin.end(paths.join("\0"));
  await once(xargs, "close");
}
