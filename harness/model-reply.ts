/** A tool call that the model makes. `id` defaults to one derived from the seed. */
export interface ToolCall {
  readonly name: string;
  readonly args: unknown;
  readonly id?: string;
}

/** Token figures of a reply; what is left out is estimated at four bytes a token. */
export interface Usage {
  readonly input?: number;
  readonly output?: number;
  /** Part of `input` that came from the provider's cache. */
  readonly cachedInput?: number;
  readonly reasoning?: number;
}

interface Answer {
  readonly usage?: Usage;
  /** Pause between two chunks. Default 0. */
  readonly paceMs?: number;
}

/** A stream of text, then tool calls. */
export interface TextReply extends Answer {
  readonly text: string;
  readonly calls?: readonly ToolCall[];
}

export interface CallsReply extends Answer {
  readonly calls: readonly ToolCall[];
  readonly text?: undefined;
}

/** A tool call whose arguments are sent as they stand, valid JSON or not. */
export interface MalformedCallReply extends Answer {
  readonly malformedCall: { readonly name: string; readonly argumentsText: string };
}

/** `reply` after `delayMs` of silence (headers not sent). */
export interface DelayedReply {
  readonly delayMs: number;
  readonly reply: Reply;
}

/** An HTTP error. `retryAfter` is in seconds. */
export interface FailReply {
  readonly fail: number;
  readonly retryAfter?: number;
  readonly message?: string;
}

/** The connection breaks after `text`; with an empty `text` before the headers. */
export interface CutReply {
  readonly cut: { readonly text: string };
}

/** No more bytes after `text` (default: no byte at all), and the connection stays open. */
export interface HangReply {
  readonly hang: true;
  readonly text?: string;
}

export type Reply =
  | TextReply
  | CallsReply
  | MalformedCallReply
  | DelayedReply
  | FailReply
  | CutReply
  | HangReply;

/** What to write on the connection, step by step. */
export type WireStep =
  | { readonly do: "wait"; readonly ms: number }
  | {
      readonly do: "fail";
      readonly status: number;
      readonly headers: Record<string, string>;
      readonly body: string;
    }
  | { readonly do: "chunk"; readonly data: string }
  | { readonly do: "end" }
  | { readonly do: "cut" }
  | { readonly do: "hang" };

export interface WireContext {
  readonly model: string;
  /** Unique per request; ids of the completion and of its calls derive from it. */
  readonly id: string;
  /** Seconds since the epoch. */
  readonly created: number;
  /** Size of the request's body, for the estimate of input tokens. */
  readonly requestBytes: number;
}

const BYTES_PER_TOKEN = 4;
const CHUNK_CHARACTERS = 48;

/** Turns a reply into what goes over the wire (OpenAI chat-completions stream). */
export function* wireSteps(reply: Reply, context: WireContext): Generator<WireStep> {
  if ("delayMs" in reply) {
    yield { do: "wait", ms: reply.delayMs };
    yield* wireSteps(reply.reply, context);
  } else if ("fail" in reply) {
    yield failure(reply);
  } else if ("cut" in reply) {
    if (reply.cut.text !== "") yield* textChunks(reply.cut.text, context);
    yield { do: "cut" };
  } else if ("hang" in reply) {
    if (reply.text) yield* textChunks(reply.text, context);
    yield { do: "hang" };
  } else {
    yield* answer(reply, context);
  }
}

function* answer(
  reply: TextReply | CallsReply | MalformedCallReply,
  context: WireContext,
): Generator<WireStep> {
  const text = "text" in reply ? (reply.text ?? "") : "";
  const calls = wireCalls(reply, context.id);
  const pace: WireStep[] = reply.paceMs ? [{ do: "wait", ms: reply.paceMs }] : [];
  let written = text.length;
  for (const step of textChunks(text, context)) {
    yield step;
    yield* pace;
  }
  for (const [index, call] of calls.entries()) {
    const head = { index, id: call.id, type: "function", function: { name: call.name, arguments: "" } };
    yield chunk(context, { tool_calls: [head] });
    for (const piece of pieces(call.argumentsText)) {
      yield chunk(context, { tool_calls: [{ index, function: { arguments: piece } }] });
      yield* pace;
    }
    written += call.name.length + call.argumentsText.length;
  }
  yield chunk(context, {}, calls.length > 0 ? "tool_calls" : "stop");
  yield usageChunk(context, written, reply.usage);
  yield { do: "end" };
}

function wireCalls(reply: TextReply | CallsReply | MalformedCallReply, requestId: string) {
  const callId = (index: number) => `call_${requestId}_${index}`;
  if ("malformedCall" in reply) return [{ ...reply.malformedCall, id: callId(0) }];
  return (reply.calls ?? []).map((call, index) => ({
    name: call.name,
    id: call.id ?? callId(index),
    argumentsText: JSON.stringify(call.args ?? {}),
  }));
}

function* textChunks(text: string, context: WireContext): Generator<WireStep> {
  yield chunk(context, { role: "assistant", content: "" });
  for (const piece of pieces(text)) yield chunk(context, { content: piece });
}

/** Cuts between code points, so that no chunk holds half of a surrogate pair. */
function* pieces(text: string): Generator<string> {
  const points = Array.from(text);
  for (let at = 0; at < points.length; at += CHUNK_CHARACTERS) {
    yield points.slice(at, at + CHUNK_CHARACTERS).join("");
  }
}

function chunk(context: WireContext, delta: object, finish: "stop" | "tool_calls" | null = null): WireStep {
  return event(context, { choices: [{ index: 0, delta, finish_reason: finish }] });
}

function usageChunk(context: WireContext, charactersWritten: number, usage: Usage = {}): WireStep {
  const input = usage.input ?? Math.ceil(context.requestBytes / BYTES_PER_TOKEN);
  const output = usage.output ?? Math.ceil(charactersWritten / BYTES_PER_TOKEN);
  return event(context, {
    choices: [],
    usage: {
      prompt_tokens: input,
      completion_tokens: output,
      total_tokens: input + output,
      prompt_tokens_details: { cached_tokens: usage.cachedInput ?? 0 },
      completion_tokens_details: { reasoning_tokens: usage.reasoning ?? 0 },
    },
  });
}

function event({ id, created, model }: WireContext, fields: object): WireStep {
  const body = { id: `chatcmpl-${id}`, object: "chat.completion.chunk", created, model, ...fields };
  return { do: "chunk", data: `data: ${JSON.stringify(body)}\n\n` };
}

function failure({ fail, retryAfter, message }: FailReply): WireStep {
  const kind = fail === 429 ? "rate_limit_error" : fail >= 500 ? "server_error" : "invalid_request_error";
  const text = message ?? `scripted failure ${fail}`;
  return {
    do: "fail",
    status: fail,
    headers: retryAfter === undefined ? {} : { "retry-after": String(retryAfter) },
    body: JSON.stringify({ error: { message: text, type: kind, code: String(fail), param: null } }),
  };
}
