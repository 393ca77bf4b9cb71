import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createProject, OpenCodeHost, type Project, ScriptedModel } from "../../harness/index.js";
import { grepFor, session } from "./asking.js";
import { PLUGIN } from "./stage.js";

/** Searches through the tools of real sessions. */
let project: Project;
let model: ScriptedModel;
let host: OpenCodeHost;
const SESSIONS = 50;

beforeAll(async () => {
  const files: Record<string, string> = { ".gitignore": "ignored/\n" };
  for (let at = 0; at < 400; at++)
    files[`src/part${at % 20}/file${at}.ts`] = `export const value${at} = ${at};\n`;
  project = await createProject({ files });
  model = await ScriptedModel.start({ script: grepFor });
  const config = { snapshot: false };
  host = await OpenCodeHost.serve({ model: { baseURL: model.baseURL }, plugin: [PLUGIN], config });
});
afterAll(async () => {
  await host?.[Symbol.asyncDispose]();
  await model?.close();
  await project?.[Symbol.asyncDispose]();
});

it("shows each of 50 sessions what was written before it asked, while files change", async () => {
  let busy = true;
  const churn = (async () => {
    for (let at = 0; busy; at++) {
      await writeFile(join(project.directory, `src/part${at % 20}/churn${at % 7}.ts`), `churn ${at}\n`);
      if (at % 5 === 0) await rm(join(project.directory, `src/part${at % 20}`, "churn0.ts"), { force: true });
    }
  })();
  const asks = await Promise.all(Array.from({ length: SESSIONS }, () => session(host, project.directory)));
  const told = await Promise.all(
    asks.map(async (ask, at) => {
      const path = `src/part${at % 20}/written${at}.ts`;
      await writeFile(join(project.directory, path), `const token_${at}_first = 1;\n`);
      const first = await ask(`find token_${at}_first`);
      await writeFile(join(project.directory, path), `const token_${at}_second = 2;\n`);
      return {
        path,
        first,
        gone: await ask(`find token_${at}_first`),
        second: await ask(`find token_${at}_second`),
      };
    }),
  );
  busy = false;
  await churn;
  for (const [at, { path, first, gone, second }] of told.entries()) {
    expect(first).toContain(`${path}\n1: const token_${at}_first`);
    expect(gone).toMatch(/^No matches/);
    expect(second).toContain(`${path}\n1: const token_${at}_second`);
  }
}, 300_000);

it("answers as before after a search was aborted", async () => {
  const big = join(project.directory, "big.txt");
  await writeFile(big, "some words and no hit\n".repeat(4_000_000));
  const client = host.client(project.directory);
  const { data } = await client.session.create({ body: { title: "abort" }, throwOnError: true });
  const running = client.session.prompt({
    path: { id: data.id },
    body: { parts: [{ type: "text", text: "find (?i)\\b\\w+zzz\\w+q\\b" }] },
  });
  await new Promise((resolve) => setTimeout(resolve, 500));
  await client.session.abort({ path: { id: data.id }, throwOnError: true });
  await running;
  await rm(big);
  const ask = await session(host, project.directory);
  expect(await ask("find value399")).toContain("export const value399 = 399;");
});
