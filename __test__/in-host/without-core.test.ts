import { existsSync } from "node:fs";
import { cp, mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { expect, it, onTestFinished } from "vitest";
import { createProject, OpenCodeHost, ScriptedModel } from "../../harness/index.js";
import { temporaryFolder } from "../native/temporary.js";

const CHECKOUT = fileURLToPath(new URL("../..", import.meta.url));

/** The built package as an installation has it, with what a package manager would have put beside it. */
async function installed(platformPackage?: { name: string; main: string }): Promise<string> {
  const modules = join(temporaryFolder(), "node_modules");
  const root = join(modules, "opencode-orchestrator");
  await mkdir(root, { recursive: true });
  await cp(join(CHECKOUT, "dist"), join(root, "dist"), { recursive: true });
  await cp(join(CHECKOUT, "package.json"), join(root, "package.json"));
  if (platformPackage) {
    const folder = join(modules, `opencode-orchestrator-${platformPackage.name}`);
    await mkdir(folder);
    await writeFile(join(folder, "index.js"), platformPackage.main);
  }
  return pathToFileURL(join(root, "dist", "server.js")).href;
}

/** A session in a host with that plugin; the model greps, and then repeats the answer. */
async function open(plugin: string) {
  const model = await ScriptedModel.start({
    script: ({ freshToolResults, lastUserText }) => {
      const [result] = freshToolResults;
      if (result) return { text: result.output ?? "" };
      const verbatim = /^Repeat the following[^\n]*\n\n([\s\S]*)$/.exec(lastUserText)?.[1];
      return verbatim ? { text: verbatim } : { calls: [{ name: "grep", args: { pattern: "needle" } }] };
    },
  });
  onTestFinished(() => model.close());
  const project = await createProject({ files: { "hay.txt": "a needle\n" } });
  onTestFinished(() => project[Symbol.asyncDispose]());
  const host = await OpenCodeHost.serve({
    model: { baseURL: model.baseURL },
    plugin: [plugin],
    config: { snapshot: false },
  });
  onTestFinished(() => host[Symbol.asyncDispose]());
  const client = host.client(project.directory);
  const { data: session } = await client.session.create({ body: { title: "root" }, throwOnError: true });
  const textOf = (parts: readonly { type: string }[]) =>
    parts.flatMap((part) => (part.type === "text" ? [(part as { text?: string }).text ?? ""] : [])).join("");
  return {
    project,
    /** The tools that an ordinary session's model is offered. */
    tools: () => {
      const offered = model.requests.flatMap(({ toolSchemas }) => toolSchemas);
      return new Map(offered.map(({ name, description }) => [name, description ?? ""]));
    },
    ask: async (text: string) => {
      const body = { parts: [{ type: "text" as const, text }] };
      return textOf(
        (await client.session.prompt({ path: { id: session.id }, body, throwOnError: true })).data.parts,
      );
    },
    task: async (goal: string) => {
      const body = { command: "task", arguments: goal };
      return textOf(
        (await client.session.command({ path: { id: session.id }, body, throwOnError: true })).data.parts,
      );
    },
  };
}

it("without any core the host starts as ever, keeps its own search, and /task says why and what to do", async () => {
  const { project, tools, ask, task } = await open(await installed());
  const answer = await task("do something");
  expect(answer).toMatch(/\/task did not work \(ERR_ADDON\): the native core for \S+ \S+ .*is not installed/);
  expect(answer).toContain("Install it again with optional dependencies");
  // Nothing has been left in the project.
  expect(existsSync(join(project.directory, ".opencode", "orchestrator"))).toBe(false);
  await ask("look for it").catch(() => undefined);
  expect([...tools().keys()]).toEqual(expect.arrayContaining(["grep", "glob", "read"]));
  expect([...tools().keys()]).not.toContain("ast_search");
  expect(tools().get("grep")).not.toContain("Rust syntax");
});

it("where the host alone cannot load it, helper processes search, and /task says why there are no missions", async () => {
  const target = (await readdir(join(CHECKOUT, "npm"))).find((name) =>
    existsSync(join(CHECKOUT, "npm", name, `orchestrator.${name}.node`)),
  );
  const addon = join(CHECKOUT, "npm", target ?? "", `orchestrator.${target}.node`);
  const main = `if (process.versions.bun) throw new Error("libx.so: version \`GLIBC_2.99' not found");
module.exports = require(${JSON.stringify(addon)});\n`;
  const { ask, task, tools } = await open(await installed({ name: target ?? "", main }));
  expect(await ask("look for it")).toContain("hay.txt\n1: a needle");
  expect(tools().get("grep")).toContain("Rust syntax");
  const answer = await task("do something");
  expect(answer).toMatch(/\(ERR_ADDON\): the native core needs glibc 2\.99, and this system has \d/);
});
