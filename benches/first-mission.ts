import { mkdir, readdir, writeFile } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import {
  createProject,
  missionCast,
  OpenCodeHome,
  OpenCodeHost,
  openCodeBinary,
  ScriptedModel,
} from "../harness/index.js";
import { OwnedProcess } from "../harness/owned-process.js";
import { PackageRegistry } from "../harness/package-registry.js";

/**
 * Times a stranger's path on a home that has never seen the plugin: from `npm install -g` to the first sealed mission. The
 * packages come from a registry on this machine and the model is scripted, so that what is left is what the software takes.
 * Usage: npm run pack, then npm run bench:first-mission
 */
const NAME = "opencode-orchestrator";
const script = missionCast({
  plans: [
    {
      summary: "one file",
      tasks: [
        {
          id: "one",
          title: "Write one.ts",
          instructions: "Write one.ts",
          dependencies: [],
          writes: ["one.ts"],
          checks: { commands: ["test -s one.ts"], files: ["one.ts"], criteria: ["one.ts exports one"] },
        },
      ],
      finalCommands: ["test -s one.ts"],
    },
  ],
  workers: {
    one: {
      attempts: [
        (directory) => [
          {
            name: "write",
            args: { filePath: join(directory, "one.ts"), content: "export const one = 1;\n" },
          },
        ],
      ],
    },
  },
});

await using model = await ScriptedModel.start({ script });
await using registry = await PackageRegistry.start();
for (const name of (await readdir("packed")).filter((one) => one.endsWith(".tgz")).sort())
  await registry.publish(join("packed", name));
await using home = await OpenCodeHome.create({ model: { baseURL: model.baseURL } });
await using project = await createProject();
const prefix = join(home.directory, "npm");
await mkdir(prefix);
await writeFile(join(home.directory, ".npmrc"), `registry=${registry.url}\n`);

const rows: [string, number][] = [];
await timed("npm install -g opencode-orchestrator", () =>
  run("npm", "install", "-g", "--prefix", prefix, NAME),
);
await timed("opencode-orchestrator install", () => run(join(prefix, "bin", NAME), "install"));
await timed("opencode-orchestrator doctor", () => run(join(prefix, "bin", NAME), "doctor"));
let host: OpenCodeHost | undefined;
await timed("OpenCode's first start, which fetches the plugin", async () => {
  host = await OpenCodeHost.serve({ home });
  await host.client(project.directory).command.list({ throwOnError: true });
});
await timed("/task, to the seal", async () => {
  const client = host?.client(project.directory);
  const session = await client?.session.create({ body: { title: "root" }, throwOnError: true });
  const body = { command: "task", arguments: "write one.ts" };
  await client?.session.command({ path: { id: session?.data.id ?? "" }, body, throwOnError: true });
  const board = await run(join(prefix, "bin", NAME), "status");
  if (!board.includes("sealed")) throw new Error(`the mission was not sealed:\n${board}`);
});
await host?.[Symbol.asyncDispose]();
rows.push(["in all", rows.reduce((sum, [, ms]) => sum + ms, 0)]);
process.stdout.write("| step | seconds |\n|---|---|\n");
for (const [name, ms] of rows) process.stdout.write(`| ${name} | ${(ms / 1_000).toFixed(1)} |\n`);

async function timed(name: string, step: () => Promise<unknown>): Promise<void> {
  const begin = performance.now();
  await step();
  rows.push([name, performance.now() - begin]);
}

async function run(command: string, ...args: string[]): Promise<string> {
  const path = [dirname(openCodeBinary()), process.env["PATH"]].join(delimiter);
  const env = { ...home.environment, PATH: path, npm_config_update_notifier: "false" };
  const program = new OwnedProcess(command, args, { cwd: project.directory, env });
  const { code } = await program.exited;
  if (code !== 0)
    throw new Error(`${command} ${args.join(" ")} ended with ${code}:\n${program.stdout}${program.stderr}`);
  return program.stdout;
}
