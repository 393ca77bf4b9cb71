import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { describe, expect, it, onTestFinished } from "vitest";
import { openCodeBinary } from "../../harness/opencode-binary.js";
import { temporaryFolder } from "../native/temporary.js";
import { builtPrograms } from "./built.js";
import { isAlive, isolated, until } from "./isolated.js";

const built = builtPrograms();
const tree = () => temporaryFolder({ "a.ts": "needle\n" });

interface Said {
  readonly total?: number;
  readonly code?: string;
  readonly error?: string;
  readonly events: { readonly event: string; readonly pid?: number; readonly code?: string }[];
}

/** A parent process; see `programs/holder.ts`. */
function parent(command: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const child = spawn(command, args, {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, ...env },
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const exited = new Promise<number | null>((resolve) => child.once("exit", resolve));
  const said = new Promise<Said>((resolve, reject) => {
    createInterface(child.stdout).once("line", (line) => resolve(JSON.parse(line) as Said));
    child.once("close", (code) => reject(new Error(`it ended with ${code} and said nothing`)));
  });
  return { child, exited, said };
}

const startedIn = ({ events }: Said) => events.filter(({ event }) => event === "helper.started");

const HOSTS = [
  ["Node", process.execPath, {}],
  ["the host's Bun with a Node on its path", openCodeBinary(), { BUN_BE_BUN: "1" }],
  ["the host's Bun alone", openCodeBinary(), { BUN_BE_BUN: "1", PATH: "/nowhere" }],
] as const;

describe.each(HOSTS)("under %s", (_, command, env) => {
  it("helpers do not keep their parent alive, and end with it", async () => {
    const { said, exited } = parent(command, [built.holder, tree(), "process"], env);
    const [helper] = startedIn(await said);
    expect(await said).toMatchObject({ total: 1 });
    expect(await exited).toBe(0);
    await until(() => !isAlive(helper?.pid as number));
  });

  it.skipIf(process.platform === "win32").each(["idle", "busy"])(
    "no %s helper outlives a parent that is killed",
    async (state) => {
      const path = state === "busy" ? big() : tree();
      const { child, said, exited } = parent(command, [built.holder, path, "process", state], env);
      const [helper] = startedIn(await said);
      expect(isAlive(helper?.pid as number)).toBe(true);
      child.kill("SIGKILL");
      await exited;
      await until(() => !isAlive(helper?.pid as number));
    },
  );
});

function big(): string {
  const text = "lorem ipsum dolor sit amet, consectetur adipiscing elit\n".repeat(40_000);
  return temporaryFolder({
    "a.ts": "needle\n",
    ...Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`f${index}.txt`, text])),
  });
}

describe("a process that cannot load the addon", () => {
  it("searches in helpers, and says so", async () => {
    const { said, exited } = parent(process.execPath, ["--no-addons", built.holder, tree(), "none"]);
    expect(await said).toMatchObject({ total: 1, events: [{ event: "fallback", code: "ERR_ADDON" }, {}] });
    expect(await exited).toBe(0);
  });

  it("starts no helper where it can be loaded", async () => {
    const { said } = parent(process.execPath, [built.holder, tree(), "none"]);
    expect(await said).toEqual({ total: 1, events: [] });
  });

  it("names every runtime that was tried, and the way out, when no helper can load it either", async () => {
    const node = { command: process.execPath, env: {} };
    const { search } = isolated(built, {
      runtimes: () => [
        { ...node, name: "one without addons", args: ["--no-addons"] },
        { name: "one that is not there", command: "/nowhere/node", args: [], env: {} },
      ],
    });
    await expect(search.grep({ path: tree(), pattern: "x" })).rejects.toMatchObject({
      code: "ERR_NO_RUNTIME",
      message: expect.stringContaining("Install Node.js 20.19 or later"),
      details: {
        tried: [
          expect.stringMatching(/^one without addons: the native core .* could not be loaded/),
          expect.stringMatching(/^one that is not there: .*ENOENT/),
        ],
      },
    });
  });

  it("goes on to the next runtime, and stays with the one that works", async () => {
    const tried: string[] = [];
    const runtime = (name: string, args: string[]) => ({ name, command: process.execPath, args, env: {} });
    const { search } = isolated(built, {
      runtimes: function* () {
        for (const one of [runtime("bad", ["--no-addons"]), runtime("good", [])]) {
          tried.push(one.name);
          yield one;
        }
      },
      limits: { idleMs: 10 },
    });
    const path = tree();
    for (let round = 0; round < 2; round++) {
      expect((await search.grep({ path, pattern: "needle" })).total).toBe(1);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(tried).toEqual(["bad", "good"]);
  });
});
