import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { PluginInput } from "@opencode-ai/plugin";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { waitUntil } from "../../harness/index.js";
import { createPlugin } from "../../src/opencode/plugin.js";

const CYCLES = 12;

/** The part of a host's client that a mission which never gets an answer needs. */
function client(prompted: () => void): PluginInput["client"] {
  const data = async (value: unknown) => ({ data: value });
  let isBusy = false;
  return {
    session: {
      get: () => data({ id: "ses_root" }),
      create: () => data({ id: "ses_child" }),
      promptAsync: () => {
        isBusy = true;
        prompted();
        return data(true);
      },
      status: () => data(isBusy ? { ses_child: { type: "busy" } } : {}),
      messages: () => data([]),
      abort: () => data(true),
    },
    tui: { showToast: () => data(true) },
  } as never;
}

interface Resources {
  readonly descriptors: number;
  readonly threads: number;
  readonly children: number;
  readonly watchers: number;
  readonly timers: number;
}

/** What this process holds at the moment. */
async function resources(): Promise<Resources> {
  const targets = await readdir("/proc/self/fd");
  const children = await readFile(`/proc/self/task/${process.pid}/children`, "utf8").catch(() => "");
  const active = process.getActiveResourcesInfo();
  return {
    descriptors: targets.length,
    threads: (await readdir("/proc/self/task")).length,
    children: children.split(" ").filter(Boolean).length,
    watchers: active.filter((one) => /FSEvent|FSReq|StatWatcher/.test(one)).length,
    timers: active.filter((one) => one === "Timeout").length,
  };
}

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "resources-"));
  await writeFile(join(directory, "a.ts"), "export const a = 1;\n");
});
afterAll(() => rm(directory, { recursive: true, force: true }));

/** One life of the plugin: a search with its index, a mission with its lease, an agent at work; then the end. */
async function cycle(isolation: "none" | "process"): Promise<void> {
  let isPrompted = false;
  const input = {
    client: client(() => {
      isPrompted = true;
    }),
    directory,
  };
  const plugin = await createPlugin(input as never, { native: { isolation } });
  await plugin.config?.({} as never);
  const call = { sessionID: "ses_root", abort: new AbortController().signal, metadata: () => undefined };
  const found = await plugin.tool?.["grep"]?.execute({ pattern: "export" }, {
    ...call,
    worktree: directory,
    directory,
    ask: async () => undefined,
  } as never);
  expect(JSON.stringify(found)).toContain("a.ts");
  const command = (name: string, text: string) =>
    plugin["command.execute.before"]?.(
      { command: name, sessionID: "ses_root", arguments: text },
      { parts: [] },
    );
  await command("task", "do nothing");
  const message = { model: { providerID: "p", modelID: "m" } };
  await plugin["chat.message"]?.({ sessionID: "ses_root" }, { message, parts: [] } as never);
  await waitUntil(() => isPrompted || undefined, { what: "the Planner to be prompted", timeoutMs: 20_000 });
  await plugin.dispose?.();
}

describe.skipIf(process.platform !== "linux")("what a project opened is let go of", () => {
  it.each(["none", "process"] as const)("over many lives, with isolation %s", async (isolation) => {
    // What is loaded and started once for the whole process.
    for (let warm = 0; warm < 3; warm++) await cycle(isolation);
    // Looked at in the same way as after it: the wait holds a timer of its own.
    const before = await waitUntil(resources, { what: "a look" });
    for (let life = 0; life < CYCLES; life++) await cycle(isolation);
    // Threads and descriptors end a moment after what owned them.
    await waitUntil(
      async () => {
        const after = await resources();
        const grown = Object.entries(after).filter(
          ([name, count]) => count > before[name as keyof Resources],
        );
        if (grown.length === 0) return true;
        throw new Error(
          `grown: ${JSON.stringify(Object.fromEntries(grown))}, before ${JSON.stringify(before)}`,
        );
      },
      { what: "everything to be let go of", timeoutMs: 20_000 },
    );
  });
});
