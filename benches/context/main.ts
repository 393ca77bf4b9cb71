import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { createProject, missionCast, OpenCodeHost, ScriptedModel, waitUntil } from "../../harness/index.js";
import { readMission } from "../../src/mission/index.js";
import { openStore } from "../../src/native/index.js";
import { stateFile } from "../../src/node/index.js";
import { type Measured, measure } from "./measure.js";
import { files, play } from "./play.js";
import { recallTimes } from "./recall.js";

/**
 * What a mission's agents send to the model, in tokens (gpt-tokenizer, o200k_base): the same scripted mission in the real host
 * with pruning and without. Usage: npm run bench:context
 */
const plugin = pathToFileURL(resolve("dist/server.js")).href;
/** What a cached token costs beside another one, as providers price it today. */
const CACHED_PRICE = 0.1;

async function mission(options: Record<string, unknown>): Promise<Measured> {
  await using model = await ScriptedModel.start({ script: missionCast(play) });
  const home = {
    model: { baseURL: model.baseURL },
    plugin: [[plugin, options] as const],
    config: { snapshot: false },
  };
  await using host = await OpenCodeHost.serve(home);
  await using project = await createProject({ files: files() });
  const client = host.client(project.directory);
  const { data } = await client.session.create({ body: { title: "root" }, throwOnError: true });
  await client.session.command({
    path: { id: data.id },
    body: { command: "task", arguments: "raise all versions" },
    throwOnError: true,
  });
  await waitUntil(() => isSealed(project.directory), {
    what: "the mission's seal",
    timeoutMs: 300_000,
    intervalMs: 500,
  });
  return measure(model.requests);
}

async function isSealed(directory: string): Promise<boolean> {
  const store = await openStore(stateFile(directory));
  try {
    const { state, reason } = readMission(store, "M1").mission;
    if (state === "blocked") throw new Error(`the mission is blocked: ${reason}`);
    return state === "sealed";
  } finally {
    await store.close();
  }
}

const without = await mission({ hooks: { pruning: false } });
const eager = await mission({ pruning: { batchTokens: 5_000 } });
const pruned = await mission({});

const whole = (value: number) => Math.round(value).toLocaleString("en");
const percent = (value: number) => `${(value * 100).toFixed(1)}%`;
const paid = (one: Measured) => one.tokens - one.cached * (1 - CACHED_PRICE);
const row = (name: string, value: (one: Measured) => number, format = whole) =>
  `| ${name} | ${[without, eager, pruned].map((one) => format(value(one))).join(" | ")} |`;

const lines = [
  "| one mission, two long tasks | all kept | batches of 5,000 | as it is set |",
  "|---|---|---|---|",
  row("requests of agents", (one) => one.requests),
  row("input tokens", (one) => one.tokens),
  row("largest request, tokens", (one) => one.largest),
  row("cached prefix, of the input", (one) => one.cached / one.tokens, percent),
  row("beginnings that changed", (one) => one.breaks),
  row(`input as it is paid, a cached token at ${CACHED_PRICE}`, paid),
  "",
  `Characters for each token: ${pruned.charactersPerToken.toFixed(2)}; the plugin's estimate takes 4.`,
  "",
  ...(await recallTimes()),
];
process.stdout.write(`${lines.join("\n")}\n`);
