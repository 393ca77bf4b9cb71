import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join, relative } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it, onTestFinished, vi } from "vitest";
import {
  createProject,
  type MissionPlay,
  missionCast,
  OpenCodeHome,
  OpenCodeHost,
  openCodeBinary,
  ScriptedModel,
} from "../../harness/index.js";
import { OwnedProcess } from "../../harness/owned-process.js";
import { PackageRegistry } from "../../harness/package-registry.js";
import { fileTask, fileWorker } from "../in-host/stage.js";
import { temporaryFolder } from "../native/temporary.js";

// What a stranger does: packed, published to a registry of its own, installed by the real npm and by the real OpenCode with
// scripts off, a mission run from there to its seal, and all of it taken away again.

// Each test starts a dozen programs and a host or two.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

const NAME = "opencode-orchestrator";
const PLAY: MissionPlay = {
  plans: [{ summary: "one file", tasks: [fileTask("one")], finalCommands: ["test -s one.ts"] }],
  workers: { one: fileWorker("one") },
};
let registry: PackageRegistry;
let model: ScriptedModel;
let version = "";
let packed = "";

beforeAll(async () => {
  ({ version } = JSON.parse(await readFile("package.json", "utf8")));
  model = await ScriptedModel.start({ script: missionCast(PLAY) });
  registry = await PackageRegistry.start();
  packed = await mkdtemp(join(tmpdir(), "orchestrator-packed-"));
  await promisify(execFile)(process.execPath, ["scripts/pack.mjs", "--out", packed]);
  for (const name of (await readdir(packed)).sort()) await registry.publish(join(packed, name));
});
afterAll(async () => {
  await registry?.[Symbol.asyncDispose]();
  await model?.close();
  await rm(packed, { recursive: true, force: true });
});

/** Whose files these are, and not the plugin's: OpenCode's own data, what its Bun unpacks, npm's cache, git's. */
const NOT_OURS =
  /^(home\/(data|state|cache)\/opencode\/(?!packages)|home\/cache\/bun\/|temporary\/\.[\da-f-]+\.so$|home\/\.npm\/|home\/managed|project\/\.git\/)/;

/** A home that knows the registry, a place for npm's packages, a temporary directory and a project. */
async function stranger() {
  const [prefix, temporary] = [temporaryFolder(), temporaryFolder()];
  const home = await OpenCodeHome.create({
    model: { baseURL: model.baseURL },
    config: { snapshot: false },
    env: {
      PATH: [join(prefix, "bin"), dirname(openCodeBinary()), process.env["PATH"]].join(delimiter),
      TMPDIR: temporary,
      npm_config_update_notifier: "false",
    },
  });
  onTestFinished(() => home[Symbol.asyncDispose]());
  await writeFile(join(home.directory, ".npmrc"), `registry=${registry.url}\n`);
  const project = await createProject();
  onTestFinished(() => project[Symbol.asyncDispose]());

  // Once without the plugin: what OpenCode makes by itself is there before.
  {
    await using host = await OpenCodeHost.serve({ home });
    await host.client(project.directory).command.list({ throwOnError: true });
  }

  const run = async (command: string, ...args: string[]) => {
    const program = new OwnedProcess(command, args, { cwd: project.directory, env: home.environment });
    const { code } = await program.exited;
    return { code, out: program.stdout, err: program.stderr };
  };
  const places = { home: home.directory, prefix, temporary, project: project.directory };
  const files = async () => {
    const found: string[] = [];
    for (const [name, folder] of Object.entries(places))
      for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
        const path = `${name}/${relative(folder, join(entry.parentPath, entry.name))}`;
        if (!entry.isDirectory() && !NOT_OURS.test(path)) found.push(path);
      }
    return found.sort();
  };
  return { home, project, prefix, run, files };
}

type Stranger = Awaited<ReturnType<typeof stranger>>;

/** Runs a mission in a host that is started for it, and looks at it with the package's own command. */
async function mission({ home, project, run }: Stranger, cli: readonly [string, ...string[]]) {
  const [program, ...first] = cli;
  const json = async (...args: string[]) => {
    const { code, out, err } = await run(program, ...first, ...args, "--json");
    if (code !== 0) throw new Error(`${args.join(" ")} ended with ${code}: ${err}${out}`);
    return out
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
  };
  const doctor = async () => {
    const [{ findings }] = await json("doctor");
    return findings.filter(({ status }: { status: string }) => status !== "ok");
  };
  expect(await doctor()).toEqual([]);
  await using host = await OpenCodeHost.serve({ home });
  const client = host.client(project.directory);
  const { data: session } = await client.session.create({ body: { title: "root" }, throwOnError: true });
  const body = { command: "task", arguments: "write one" };
  await client.session.command({ path: { id: session.id }, body, throwOnError: true });
  const [[view]] = await json("status");
  expect(view.mission).toMatchObject({ id: "M1", state: "sealed", goal: "write one" });
  expect(await readFile(project.path("one.ts"), "utf8")).toContain("export const x");
  expect((await json("audit", "verify"))[0]).toMatchObject({ ok: true });
  const logged = await json("logs", "--mission", "M1");
  expect(logged).toContainEqual(
    expect.objectContaining({
      event: "task.state",
      task: "one",
      state: "done",
      session: expect.stringMatching(/^ses/),
    }),
  );
  expect(await doctor()).toEqual([]);
  const [found] = await json("grep", "export const", ".");
  expect(found).toMatchObject({ path: "one.ts", line: 1 });
}

it("the main package has the licence of everything that is bundled into it", async () => {
  const licenses = (await readdir("dist/licenses")).map((name) => name.replace(/\.\w+$/, ""));
  const bundled = new Set<string>();
  for (const name of await readdir("dist")) {
    if (!name.endsWith(".js")) continue;
    // The bundler names where each part comes from.
    for (const [, path = ""] of (await readFile(join("dist", name), "utf8")).matchAll(
      /#region node_modules\/(\S+)/g,
    ))
      bundled.add(
        path
          .split("/")
          .slice(0, path.startsWith("@") ? 2 : 1)
          .join("/"),
      );
  }
  expect(bundled).toContain("zod");
  // The parts of micromark are one project.
  const owner = (name: string) => name.replace(/^micromark-.*/, "micromark").replace("/", "-");
  expect([...bundled].filter((name) => !licenses.includes(owner(name)))).toEqual([]);
});

it("the packed packages work in Node.js and in the Bun that OpenCode is made of", async () => {
  const smoke = async (runtime: string, env = {}) => {
    const args = ["scripts/smoke.mjs", "--packages", packed, "--runtime", runtime];
    const { stdout } = await promisify(execFile)(process.execPath, args, { env: { ...process.env, ...env } });
    return stdout;
  };
  expect(await smoke(process.execPath)).toContain(`Node.js ${process.version}, `);
  expect(await smoke(openCodeBinary(), { BUN_BE_BUN: "1" })).toMatch(
    /^Bun 1\..*: grep, outline, store, plugin$/m,
  );
});

it("npm install -g, install, a sealed mission, uninstall: nothing is left", async () => {
  const me = await stranger();
  const { home, prefix, run, files } = me;
  const before = await files();
  const config = () => readFile(join(home.configDirectory, "opencode.json"), "utf8");
  const configBefore = await config();

  expect(await run("npm", "install", "-g", "--prefix", prefix, "--ignore-scripts", NAME)).toMatchObject({
    code: 0,
  });
  // Through the name that npm has put into the PATH.
  expect((await run(NAME, "install")).code).toBe(0);
  expect(JSON.parse(await config()).plugin).toEqual([`${NAME}@${version}`]);
  await mission(me, [NAME]);

  expect((await run(NAME, "uninstall", "--purge")).code).toBe(0);
  expect((await run(NAME, "uninstall", "--project", ".", "--purge")).code).toBe(0);
  expect((await run("npm", "uninstall", "-g", "--prefix", prefix, NAME)).code).toBe(0);
  expect(await config()).toBe(configBefore);
  expect(await files()).toEqual([...before, "project/one.ts"].sort());
});

it.each([
  ["user", ["-g"]],
  ["project", []],
] as const)("opencode plugin for the %s: a sealed mission, and nothing is left", async (_, level) => {
  const me = await stranger();
  const { home, project, run, files } = me;
  const before = await files();
  expect((await run(openCodeBinary(), "plugin", NAME, ...level)).code).toBe(0);
  const copy = join(home.directory, "cache", "opencode", "packages", `${NAME}@latest`, "node_modules", NAME);
  const cli = join(copy, "dist", "cli.js");
  expect(existsSync(cli)).toBe(true);
  await mission(me, [process.execPath, cli]);

  const where = level.length > 0 ? [] : ["--project", "."];
  expect((await run(process.execPath, cli, "uninstall", ...where)).code).toBe(0);
  expect((await run(process.execPath, cli, "uninstall", "--project", ".", "--purge")).code).toBe(0);
  expect((await run(process.execPath, cli, "uninstall", "--purge")).code).toBe(0);
  const after = await files();
  // OpenCode has written these, and they stay, with an empty list.
  const made = after.filter((path) => !before.includes(path) && /\/(opencode|tui)\.jsonc?$/.test(path));
  for (const path of made) {
    const [root, ...rest] = path.split("/");
    const file = root === "home" ? join(home.directory, ...rest) : project.path(rest.join("/"));
    expect(await readFile(file, "utf8")).not.toContain(NAME);
  }
  expect(after).toEqual([...before, ...made, "project/one.ts"].sort());
});
