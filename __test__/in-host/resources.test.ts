import { readdir, readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, it } from "vitest";
import { waitUntil } from "../../harness/index.js";
import { filesPlay, type Performance, Stage } from "./stage.js";

const CYCLES = 15;

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

/** The project's instance in the host is started by a request, and ended with all that its plugins opened. */
async function life({ client, command }: { client: Performance["client"]; command: () => Promise<string> }) {
  // A request right behind the end of an instance can still meet it half closed: the host refuses that one.
  await waitUntil(async () => (await command()).includes("sealed"), { what: "the board of the mission" });
  await client.instance.dispose({ throwOnError: true });
}

describe.skipIf(process.platform !== "linux")("a project that is opened and closed again and again", () => {
  it("leaves no descriptor, thread or process behind in the host", async () => {
    const project = await stage.project(filesPlay(["a", "b"]));
    await project.command("task", "write files");
    await project.until("the mission's seal", ({ mission }) => mission.state === "sealed");
    const one = { client: project.client, command: () => project.command("status") };
    for (let warm = 0; warm < 3; warm++) await life(one);
    const before = await held(stage.host.pid);
    for (let cycle = 0; cycle < CYCLES; cycle++) await life(one);
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
  });
});
