import { readdir, readFile, readlink } from "node:fs/promises";
import { afterAll, beforeAll, describe, it } from "vitest";
import { waitUntil } from "../../harness/index.js";
import { filesPlay, type Performance, Stage } from "./stage.js";

const CYCLES = 10;

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.open();
});
afterAll(() => stage?.[Symbol.asyncDispose]());

/** What the host's process holds. */
async function held(pid: number) {
  const tasks = await readdir(`/proc/${pid}/task`);
  const children = await Promise.all(
    tasks.map((task) => readFile(`/proc/${pid}/task/${task}/children`, "utf8").catch(() => "")),
  );
  return {
    descriptors: (await readdir(`/proc/${pid}/fd`)).length,
    threads: tasks.length,
    processes: children.join(" ").split(" ").filter(Boolean).length,
  };
}

/** Files below the project that the host has open: the state among them, while the project is open. */
async function openFiles(pid: number, directory: string): Promise<string[]> {
  const descriptors = await readdir(`/proc/${pid}/fd`);
  const targets = await Promise.all(
    descriptors.map((one) => readlink(`/proc/${pid}/fd/${one}`).catch(() => "")),
  );
  return targets.filter((target) => target.startsWith(directory));
}

/** A request starts the project's instance in the host, and with it its state; the end of one lets go of all of it. */
async function life(project: Performance) {
  const open = () => openFiles(stage.host.pid, project.directory);
  await project.client.command.list({ throwOnError: true });
  await waitUntil(async () => (await open()).join().includes("state.db"), {
    what: "the state to be opened",
    timeoutMs: 30_000,
  });
  await project.client.instance.dispose({ throwOnError: true });
  await waitUntil(async () => (await open()).length === 0, {
    what: "the project's files to be closed",
    timeoutMs: 30_000,
  });
}

describe.skipIf(process.platform !== "linux")("a project that is opened and closed again and again", () => {
  it("leaves no descriptor, thread or process behind in the host", async () => {
    const project = await stage.project(filesPlay(["a", "b"]));
    await project.command("task", "write files");
    await project.until("the mission's seal", ({ mission }) => mission.state === "sealed");
    for (let warm = 0; warm < 3; warm++) await life(project);
    const before = await held(stage.host.pid);
    for (let cycle = 0; cycle < CYCLES; cycle++) await life(project);
    await waitUntil(
      async () => {
        const after = await held(stage.host.pid);
        // The host's own pools breathe by a few; what leaks grows with every life.
        const grown = Object.entries(after).filter(
          ([name, count]) => count >= before[name as keyof typeof before] + CYCLES,
        );
        if (grown.length === 0) return true;
        throw new Error(`before ${JSON.stringify(before)}, after ${JSON.stringify(after)}`);
      },
      { what: "everything to be let go of", timeoutMs: 20_000 },
    );
  }, 240_000);
});
