import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type Reply, wireSteps } from "./model-reply.js";
import { type ModelRequest, parseModelRequest } from "./model-request.js";
import type { Script } from "./script.js";
import { seededRandom } from "./seeded-random.js";
import { pause, type WaitOptions, waitUntil } from "./wait-until.js";

export interface ScriptedModelOptions {
  readonly script: Script;
  /** Plays the requests for a session's title. Default: the text "Scripted session". */
  readonly titles?: Script;
  /** Seeds `context.random`. Default 1. */
  readonly seed?: number;
  /** Default 0: any free port. */
  readonly port?: number;
}

/** How a request ended: `aborted` means that the host went away before the reply was out. */
export type Outcome = "pending" | "answered" | "failed" | "cut" | "aborted" | "script-error";

/** A recorded request with what became of it. */
export interface Exchange {
  readonly request: ModelRequest;
  readonly reply: Reply | undefined;
  readonly outcome: Outcome;
}

interface LiveExchange extends Exchange {
  reply: Reply | undefined;
  outcome: Outcome;
}

interface Conversation {
  turns: number;
  readonly state: Map<string, unknown>;
}

/**
 * A model provider that a script plays, on the OpenAI chat-completions protocol.
 *
 * Requests are recorded when they arrive, so that one that hangs can be seen too. A script that
 * throws answers 400 (which the host does not retry); its error comes out of {@link waitFor} and
 * {@link assertNoScriptErrors}.
 */
export class ScriptedModel implements AsyncDisposable {
  readonly baseURL: string;
  readonly #options: ScriptedModelOptions;
  readonly #server: Server;
  readonly #exchanges: LiveExchange[] = [];
  readonly #conversations = new Map<string, Conversation>();
  readonly #scriptErrors: unknown[] = [];
  readonly #closing = new AbortController();

  private constructor(server: Server, options: ScriptedModelOptions) {
    this.#server = server;
    this.#options = options;
    this.baseURL = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
    server.on("request", (incoming, response) => void this.#serve(incoming, response));
  }

  static async start(options: ScriptedModelOptions): Promise<ScriptedModel> {
    const server = createServer({ keepAliveTimeout: 60_000 });
    server.listen(options.port ?? 0, "127.0.0.1");
    await once(server, "listening");
    return new ScriptedModel(server, options);
  }

  /** Every request so far except those for titles, in the order of arrival. */
  get requests(): readonly ModelRequest[] {
    return this.#exchanges
      .map((exchange) => exchange.request)
      .filter((request) => request.purpose !== "title");
  }

  /** Every request so far, titles included, with its reply and outcome. */
  get exchanges(): readonly Exchange[] {
    return this.#exchanges;
  }

  get scriptErrors(): readonly unknown[] {
    return this.#scriptErrors;
  }

  /** The first request, past or to come, that `matches`. Rejects at once when a script has thrown. */
  waitFor(
    matches: (request: ModelRequest) => boolean,
    { what = "a matching model request", ...options }: Partial<WaitOptions> = {},
  ): Promise<ModelRequest> {
    return this.waitForExchange(({ request }) => matches(request), { what, ...options }).then(
      ({ request }) => request,
    );
  }

  /** Like {@link waitFor}, for what became of a request as well. */
  async waitForExchange(
    matches: (exchange: Exchange) => boolean,
    { what = "a matching exchange with the model", ...options }: Partial<WaitOptions> = {},
  ): Promise<Exchange> {
    const found = await waitUntil(
      () => (this.#scriptErrors.length > 0 ? "script-error" : this.#exchanges.find(matches)),
      { what, ...options },
    );
    if (found === "script-error") throw this.#scriptErrors[0];
    return found;
  }

  /** Throws the first error of a script, if there was one. */
  assertNoScriptErrors(): void {
    if (this.#scriptErrors.length > 0) throw this.#scriptErrors[0];
  }

  /** Ends every open connection, hanging replies included, and stops listening. */
  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort(new Error("the scripted model is closed"));
    const closed = once(this.#server, "close");
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const arrivedAt = Date.now();
    const text = await readText(incoming).catch(() => undefined);
    if (text === undefined) return;
    let request: ModelRequest;
    try {
      if (incoming.method !== "POST" || incoming.url !== "/v1/chat/completions") {
        throw new Error("only POST /v1/chat/completions is served");
      }
      const { headers } = incoming;
      request = parseModelRequest({ index: this.#exchanges.length, arrivedAt, headers, text });
      if (request.raw.stream !== true) throw new Error("only streamed completions are served");
    } catch (error) {
      refuse(response, error);
      return;
    }
    const exchange: LiveExchange = { request, reply: undefined, outcome: "pending" };
    this.#exchanges.push(exchange);

    const gone = new AbortController();
    response.once("close", () => gone.abort(new Error("the host closed the connection")));
    const signal = AbortSignal.any([gone.signal, this.#closing.signal]);
    try {
      exchange.reply = await this.#play(request, signal);
    } catch (error) {
      exchange.outcome = signal.aborted ? "aborted" : "script-error";
      if (!signal.aborted) {
        this.#scriptErrors.push(error);
        refuse(response, error);
      }
      return;
    }
    exchange.outcome = await this.#write(exchange.reply, request, response, signal);
  }

  #play(request: ModelRequest, signal: AbortSignal): Reply | Promise<Reply> {
    const key = JSON.stringify([request.purpose, request.conversationKey]);
    const conversation = this.#conversations.get(key) ?? { turns: 0, state: new Map() };
    this.#conversations.set(key, conversation);
    const turn = conversation.turns++;
    const random = seededRandom(this.#options.seed ?? 1, request.userTexts[0] ?? "", turn);
    const { script, titles = () => ({ text: "Scripted session" }) } = this.#options;
    const player = request.purpose === "title" ? titles : script;
    return player(request, { turn, state: conversation.state, random, signal });
  }

  async #write(
    reply: Reply,
    request: ModelRequest,
    response: ServerResponse,
    signal: AbortSignal,
  ): Promise<Outcome> {
    const context = {
      model: request.model,
      id: String(request.index),
      created: Math.floor(request.arrivedAt / 1000),
      requestBytes: request.bytes,
    };
    for (const step of wireSteps(reply, context)) {
      if (signal.aborted) return "aborted";
      switch (step.do) {
        case "wait":
          await pause(step.ms, signal);
          break;
        case "chunk":
          if (!response.headersSent) response.writeHead(200, { "content-type": "text/event-stream" });
          if (!response.write(step.data)) await drained(response, signal);
          break;
        case "fail":
          response
            .writeHead(step.status, { "content-type": "application/json", ...step.headers })
            .end(step.body);
          return "failed";
        case "cut":
          await flushed(response);
          response.destroy();
          return "cut";
        case "hang":
          if (!signal.aborted) await once(signal, "abort");
          return "aborted";
        case "end":
          response.end("data: [DONE]\n\n");
      }
    }
    return "answered";
  }
}

function refuse(response: ServerResponse, error: unknown): void {
  const message = error instanceof Error ? error.message : String(error);
  response.writeHead(400, { "content-type": "application/json" });
  response.end(
    JSON.stringify({ error: { message, type: "invalid_request_error", code: "400", param: null } }),
  );
}

async function readText(incoming: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of incoming) parts.push(part as Buffer);
  return Buffer.concat(parts).toString("utf8");
}

/** Waits until the kernel has the bytes: a destroyed socket drops what Node still buffers. */
async function flushed(response: ServerResponse): Promise<void> {
  if (!response.headersSent) return;
  await new Promise<void>((resolve) => response.write("", () => resolve()));
}

async function drained(response: ServerResponse, signal: AbortSignal): Promise<void> {
  await once(response, "drain", { signal }).catch(() => undefined);
}
