import { access } from "node:fs/promises";
import { encode } from "gpt-tokenizer/encoding/o200k_base";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  createProject,
  type ModelRequest,
  OpenCodeHost,
  type Project,
  ScriptedModel,
} from "../../harness/index.js";
import { stateFolder } from "../../src/node/index.js";
import { PLUGIN } from "./stage.js";

/** The same chat in the same project, on a host with the plugin and on one without. */
let project: Project;
let withPlugin: ModelRequest[];
let without: ModelRequest[];

beforeAll(async () => {
  project = await createProject({ files: { "hello.ts": "export const hello = 1;\n" } });
  withPlugin = await chat([PLUGIN]);
  without = await chat([]);
});
afterAll(async () => {
  await project?.[Symbol.asyncDispose]();
});

/** Two turns, the first with a tool call; answers the requests to the model. */
async function chat(plugin: string[]): Promise<ModelRequest[]> {
  await using model = await ScriptedModel.start({
    script: ({ freshToolResults, lastUserText }) =>
      lastUserText.includes("look") && freshToolResults.length === 0
        ? { calls: [{ name: "read", args: { filePath: `${project.directory}/hello.ts` } }] }
        : { text: "Hello." },
  });
  const config = { snapshot: false };
  await using host = await OpenCodeHost.serve({ model: { baseURL: model.baseURL }, plugin, config });
  const client = host.client(project.directory);
  const { data } = await client.session.create({ body: { title: "chat" }, throwOnError: true });
  for (const text of ["please look at hello.ts", "thank you"])
    await client.session.prompt({
      path: { id: data.id },
      body: { parts: [{ type: "text", text }] },
      throwOnError: true,
    });
  return [...model.requests];
}

/** Tokens of a text as OpenAI's newer models count them. */
const tokens = (text: string) => encode(text).length;

describe("an ordinary chat with the plugin on", () => {
  it("sends the model the same messages, byte for byte", () => {
    expect(without).toHaveLength(3);
    const messages = (requests: ModelRequest[]) => requests.map((request) => JSON.stringify(stable(request)));
    expect(messages(withPlugin)).toEqual(messages(without));
  });

  it("offers the search tools and no mission tool", () => {
    const [request] = withPlugin;
    const extra = request?.tools.filter((tool) => !without[0]?.tools.includes(tool));
    expect(extra).toEqual(["ast_search", "outline"]);
  });

  it("adds at most 1,000 tokens to a request, tool definitions included", () => {
    const size = (request: ModelRequest | undefined) => tokens(JSON.stringify(request?.raw));
    const added = size(withPlugin[0]) - size(without[0]);
    expect(added).toBeLessThanOrEqual(1_000);
  });

  it("creates no state in the project", async () => {
    await expect(access(stateFolder(project.directory))).rejects.toThrow();
  });
});

/** A request's messages without what differs between any two sessions: ids of calls. */
function stable(request: ModelRequest) {
  const text = JSON.stringify([request.systemParts, request.messages]);
  return text.replaceAll(/call_[\w-]+/g, "call");
}
