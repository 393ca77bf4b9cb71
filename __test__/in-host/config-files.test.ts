import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { createProject, OpenCodeHome, OpenCodeHost, prepareProject } from "../../harness/index.js";
import { PLUGIN } from "./stage.js";

// What the installer and the doctor take for granted about where OpenCode reads the names of plugins.

const LISTED = JSON.stringify({ plugin: [PLUGIN] });

/** Whether OpenCode has our commands in a project, with these files in the user's home and in the project. */
async function loads(home: Record<string, string>, files: Record<string, string> = {}): Promise<boolean> {
  await using user = await OpenCodeHome.create({ model: { baseURL: "http://127.0.0.1:9/v1" } });
  await using project = await createProject({ files });
  const generated = join(user.configDirectory, "opencode.json");
  const { plugin: _, ...settings } = JSON.parse(await readFile(generated, "utf8")) as Record<string, unknown>;
  await writeFile(generated, JSON.stringify(settings));
  await prepareProject(user.directory);
  for (const [path, text] of Object.entries(home)) {
    const file = join(user.directory, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
  }
  await using host = await OpenCodeHost.serve({ home: user });
  const { data } = await host.client(project.directory).command.list({ throwOnError: true });
  return data.some(({ name }) => name === "task");
}

describe("OpenCode", () => {
  it.each([
    ["of the user's files, the last that has plugins", { "config/opencode/opencode.jsonc": LISTED }, {}],
    [
      "an earlier one, while the later have none",
      { "config/opencode/config.json": LISTED, "config/opencode/opencode.jsonc": "{}" },
      {},
    ],
    ["a file with a byte order mark", { "config/opencode/opencode.jsonc": `\uFEFF${LISTED}` }, {}],
    ["the user's .opencode", { ".opencode/opencode.json": LISTED }, {}],
    ["each of a project's files", {}, { "opencode.json": LISTED, "opencode.jsonc": '{"plugin": []}' }],
    ["the project's .opencode", {}, { ".opencode/opencode.jsonc": LISTED }],
  ])("takes plugins from %s", async (_, home, project) => {
    expect(await loads(home, project)).toBe(true);
  });

  it.each([
    [
      "a user's file that a later one's array hides",
      { "config/opencode/config.json": LISTED, "config/opencode/opencode.jsonc": '{"plugin": []}' },
      {},
    ],
    ["files of other names", { ".opencode.json": LISTED }, { ".opencode.json": LISTED }],
    ["its .config, while XDG_CONFIG_HOME is elsewhere", { ".config/opencode/opencode.json": LISTED }, {}],
  ])("takes none from %s", async (_, home, project) => {
    expect(await loads(home, project)).toBe(false);
  });
});
