import { readdir, readFile, writeFile } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { createProject, OpenCodeHome, OpenCodeHost, openCodeBinary } from "../../harness/index.js";
import { OwnedProcess } from "../../harness/owned-process.js";

const CLI = fileURLToPath(new URL("../../dist/cli.js", import.meta.url));

it("what install adds the host loads, the doctor is content with, and uninstall takes away to the byte", async () => {
  // No request is made: the address is nobody's.
  await using home = await OpenCodeHome.create({ model: { baseURL: "http://127.0.0.1:9/v1" } });
  await using project = await createProject();
  const file = join(home.configDirectory, "opencode.json");
  const { plugin: _, ...generated } = JSON.parse(await readFile(file, "utf8")) as Record<string, unknown>;
  const original = JSON.stringify(generated, null, "\t").replace("{", "{ // mine, and to stay\r");
  await writeFile(file, original);
  const files = () => readdir(home.configDirectory, { recursive: true });

  const env = {
    ...home.environment,
    PATH: [dirname(openCodeBinary()), home.environment["PATH"]].join(delimiter),
  };
  const cli = async (...args: string[]) => {
    const command = new OwnedProcess(process.execPath, [CLI, ...args], { cwd: project.directory, env });
    const { code } = await command.exited;
    return { code, output: command.stdout + command.stderr };
  };
  const commands = async () => {
    await using host = await OpenCodeHost.serve({ home });
    const { data } = await host.client(project.directory).command.list({ throwOnError: true });
    return data.map(({ name }) => name);
  };

  expect(await commands()).not.toContain("task");
  expect(await readFile(file, "utf8")).not.toContain("plugin");
  const beforeInstall = { files: await files(), content: await readFile(file, "utf8") };

  expect(await cli("install")).toMatchObject({ code: 0 });
  expect(await commands()).toContain("task");
  const { code, output } = await cli("doctor", "--json");
  const { findings } = JSON.parse(output) as { findings: { status: string }[] };
  expect(findings.filter(({ status }) => status !== "ok")).toEqual([]);
  expect(code).toBe(0);

  expect(await cli("uninstall")).toMatchObject({ code: 0 });
  expect({ files: await files(), content: await readFile(file, "utf8") }).toEqual(beforeInstall);
  expect(await commands()).not.toContain("task");
});
