import { request } from "node:http";
import { createOpencodeClient, type OpencodeClient } from "@opencode-ai/sdk/v2";
import { COMMANDS, type MissionCommand } from "../../src/opencode/commands.js";
import type { ServedHost } from "./served-host.js";

/** The session that a mission belongs to, seen from outside as any client of OpenCode sees it. */
export class RootSession {
  readonly id: string;
  readonly client: OpencodeClient;
  readonly #host: ServedHost;
  readonly #directory: string;
  readonly #commands: ReadonlyMap<string, string>;

  private constructor(
    host: ServedHost,
    directory: string,
    client: OpencodeClient,
    id: string,
    commands: ReadonlyMap<string, string>,
  ) {
    this.#host = host;
    this.#directory = directory;
    this.client = client;
    this.id = id;
    this.#commands = commands;
  }

  /** Creates the session, which boots the project in the host. @throws when the plugin is not at work there. */
  static async open(
    host: ServedHost,
    directory: string,
    title: string,
    model?: string,
  ): Promise<RootSession> {
    const { baseURL: baseUrl, headers } = host;
    const client = createOpencodeClient({ baseUrl, headers: { ...headers }, directory });
    await refuseSecondPlugin(client);
    if (model !== undefined) await assertModel(client, model);
    const { data: commands } = await client.command.list({}, { throwOnError: true });
    // A user's own /task keeps its name, and ours has another: the description tells.
    const names = new Map(commands.map((command) => [command.description ?? "", command.name]));
    if (!names.has(COMMANDS.task)) throw new Error("OpenCode has not loaded the plugin: its log says why");
    const { data: session } = await client.session.create({ title }, { throwOnError: true });
    return new RootSession(host, directory, client, session.id, names);
  }

  /** Sends one of our commands. Resolves with the Commander's last text, at the end of the turn. */
  async command(command: MissionCommand, text: string, model?: string): Promise<string> {
    const url = new URL(`/session/${this.id}/command`, this.#host.baseURL);
    url.searchParams.set("directory", this.#directory);
    const name = this.#commands.get(COMMANDS[command]);
    const body = { command: name, arguments: text, ...(model !== undefined && { model }) };
    const answer = (await post(url, this.#host.headers, body)) as {
      parts?: { type: string; text?: string }[];
      info?: { error?: { name: string; data?: { message?: string } } };
    };
    const failure = answer.info?.error;
    if (failure) throw new Error(failure.data?.message ?? failure.name);
    return (answer.parts ?? []).flatMap((part) => (part.type === "text" ? [part.text ?? ""] : [])).join("\n");
  }

  /** Whether a turn is under way. */
  async busy(): Promise<boolean> {
    const { data } = await this.client.session.status({}, { throwOnError: true });
    return (data[this.id]?.type ?? "idle") !== "idle";
  }
}

/** @throws naming the models that there are: the host itself only answers that something went wrong. */
async function assertModel(client: OpencodeClient, model: string): Promise<void> {
  const { data } = await client.config.providers({}, { throwOnError: true });
  const known = data.providers.flatMap(({ id, models }) =>
    Object.keys(models).map((name) => `${id}/${name}`),
  );
  if (known.includes(model)) return;
  const near = known.filter((name) => name.startsWith(`${model.split("/")[0]}/`));
  const shown = (near.length > 0 ? near : known).slice(0, 20).join(", ");
  throw new Error(
    `your OpenCode has no model ${model}; it has ${shown || "none: add a provider's key with `opencode auth login`"}`,
  );
}

/** Two copies of the plugin would both answer to the same commands. */
async function refuseSecondPlugin(client: OpencodeClient): Promise<void> {
  const { data: config } = await client.config.get({}, { throwOnError: true });
  const specs = (config.plugin ?? []).map((entry) =>
    Array.isArray(entry) ? String(entry[0]) : String(entry),
  );
  const own = specs.filter(
    (spec) => spec.includes("opencode-orchestrator") || spec.endsWith("/dist/server.js"),
  );
  if (own.length > 1)
    throw new Error(
      `your OpenCode loads the plugin already (${own[0]}): start the mission there with /task, or take that entry out for this run`,
    );
}

/** POST without a time limit: a turn takes as long as its mission. (`fetch` gives up after five minutes.) */
function post(url: URL, headers: Readonly<Record<string, string>>, body: unknown): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const sent = request(url, {
      method: "POST",
      headers: { ...headers, "content-type": "application/json" },
    });
    sent.once("error", reject);
    sent.once("response", (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (piece: string) => {
        text += piece;
      });
      response.once("error", reject);
      response.once("end", () => {
        if (response.statusCode !== 200)
          reject(new Error(`OpenCode answered ${response.statusCode}: ${text.slice(0, 500)}`));
        else resolve(text === "" ? {} : JSON.parse(text));
      });
    });
    sent.end(JSON.stringify(body));
  });
}
