import { afterAll, beforeAll, expect, it } from "vitest";
import { createProject, missionCast, OpenCodeHost, ScriptedModel } from "../../harness/index.js";

const write = (directory: string, file: string, content: string) => ({
  name: "write",
  args: { filePath: `${directory}/${file}`, content },
});

let model: ScriptedModel;
let host: OpenCodeHost;

beforeAll(async () => {
  const task = (id: string, dependencies: string[] = []) => ({
    id,
    title: `Write ${id}`,
    instructions: `Write ${id}.ts`,
    dependencies,
    writes: [`${id}.ts`],
    checks: { commands: [`test -f ${id}.ts`], files: [`${id}.ts`] },
  });
  model = await ScriptedModel.start({
    script: missionCast({
      plans: [{ summary: "two files", tasks: [task("A"), task("B"), task("C", ["A", "B"])] }],
      workers: Object.fromEntries(
        ["A", "B", "C"].map((id) => [
          id,
          {
            attempts: [(directory: string) => [write(directory, `${id}.ts`, `export const x = "${id}";\n`)]],
          },
        ]),
      ),
      paceMs: 50,
    }),
  });
  host = await OpenCodeHost.serve({
    model: { baseURL: model.baseURL },
    plugin: [new URL("../../dist/server.js", import.meta.url).href],
    config: { snapshot: false },
  });
});

afterAll(async () => {
  await host?.[Symbol.asyncDispose]();
  await model?.close();
});

it("runs to its seal", async () => {
  const project = await createProject();
  const client = host.client(project.directory);
  const { data: session } = await client.session.create({ body: { title: "root" }, throwOnError: true });
  const answer = await client.session.command({
    path: { id: session.id },
    body: { command: "task", arguments: "write three files" },
  });
  expect(JSON.stringify(answer.data)).toContain("Mission M1 is sealed");
  expect(model.scriptErrors).toEqual([]);
}, 60_000);
