import type { IncomingHttpHeaders } from "node:http";

/** A chat-completions message as OpenCode's `openai-compatible` provider sends it. */
export interface ChatMessage {
  readonly role: "system" | "user" | "assistant" | "tool";
  readonly content?: string | null | readonly { readonly type: string; readonly text?: string }[];
  readonly tool_calls?: readonly {
    readonly id: string;
    readonly function: { readonly name: string; readonly arguments: string };
  }[];
  readonly tool_call_id?: string;
}

/** A tool as the model sees it; `parameters` is a JSON Schema. */
export interface ToolSchema {
  readonly name: string;
  readonly description?: string;
  readonly parameters?: unknown;
}

export interface ChatBody {
  readonly model: string;
  readonly messages: readonly ChatMessage[];
  readonly tools?: readonly { readonly type: "function"; readonly function: ToolSchema }[];
  readonly stream?: boolean;
  readonly [key: string]: unknown;
}

/** A tool call of this conversation with its result, in the order of the calls. */
export interface ToolResult {
  readonly id: string;
  readonly name: string;
  /** Parsed arguments; the raw string where the model had sent broken JSON. */
  readonly args: unknown;
  /** Result text, `undefined` while the host has not sent one. */
  readonly output: string | undefined;
}

/** What the host wants: an agent's turn, a title for the session, or a summary of it. */
export type Purpose = "turn" | "title" | "compaction";

/** One request of the host to the model, parsed. */
export interface ModelRequest {
  /** Order of arrival at this server, from 0. */
  readonly index: number;
  /** Milliseconds since the epoch. */
  readonly arrivedAt: number;
  /** Size of the request's body. */
  readonly bytes: number;
  readonly headers: IncomingHttpHeaders;
  /** The body as it came. */
  readonly raw: ChatBody;
  /** Model id without the provider. */
  readonly model: string;
  readonly purpose: Purpose;
  /** The OpenCode session (`x-session-id`), or the first user text for other clients. */
  readonly conversationKey: string;
  /** All system messages, joined by an empty line. */
  readonly system: string;
  readonly systemParts: readonly string[];
  /** Everything but the system messages. */
  readonly messages: readonly ChatMessage[];
  /** Names of the tools on offer, in the request's order. */
  readonly tools: readonly string[];
  readonly toolSchemas: readonly ToolSchema[];
  readonly userTexts: readonly string[];
  /** Text of the last user message; empty when there is none. */
  readonly lastUserText: string;
  /** Every tool call of the conversation. */
  readonly toolResults: readonly ToolResult[];
  /** Tool calls since the last user message. */
  readonly freshToolResults: readonly ToolResult[];
}

export interface RequestArrival {
  readonly index: number;
  readonly arrivedAt: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** Parses a request's body. Throws on anything that is not a chat-completions body. */
export function parseModelRequest({ index, arrivedAt, headers, text }: RequestArrival): ModelRequest {
  const raw = JSON.parse(text) as ChatBody;
  if (typeof raw?.model !== "string" || !Array.isArray(raw.messages)) {
    throw new Error("not a chat-completions body: `model` and `messages` are needed");
  }
  const systemParts = raw.messages.filter((m) => m.role === "system").map(contentText);
  const messages = raw.messages.filter((m) => m.role !== "system");
  const userTexts = messages.filter((m) => m.role === "user").map(contentText);
  const lastUser = messages.findLastIndex((m) => m.role === "user");
  const session = headers["x-session-id"];
  const system = systemParts.join("\n\n");
  const toolSchemas = (raw.tools ?? []).map((tool) => tool.function);
  return {
    index,
    arrivedAt,
    bytes: Buffer.byteLength(text),
    headers,
    raw,
    model: raw.model,
    purpose: purposeOf(system),
    conversationKey: typeof session === "string" ? session : (userTexts[0] ?? ""),
    system,
    systemParts,
    messages,
    tools: toolSchemas.map((tool) => tool.name),
    toolSchemas,
    userTexts,
    lastUserText: userTexts.at(-1) ?? "",
    toolResults: pairToolCalls(messages),
    freshToolResults: pairToolCalls(messages.slice(lastUser + 1)),
  };
}

/** A message's text; parts that are not text are left out. */
export function contentText(message: ChatMessage): string {
  const { content } = message;
  if (typeof content === "string") return content;
  return (content ?? [])
    .map((part) => part.text ?? "")
    .filter((text) => text !== "")
    .join("\n");
}

/** OpenCode has no other mark of these requests than the first line of its own prompts. */
function purposeOf(system: string): Purpose {
  if (system.startsWith("You are a title generator.")) return "title";
  if (system.startsWith("You are a context summarization agent.")) return "compaction";
  return "turn";
}

function pairToolCalls(messages: readonly ChatMessage[]): ToolResult[] {
  const outputs = new Map<string, string>();
  for (const message of messages) {
    if (message.role === "tool" && message.tool_call_id)
      outputs.set(message.tool_call_id, contentText(message));
  }
  return messages
    .flatMap((message) => message.tool_calls ?? [])
    .map((call) => ({
      id: call.id,
      name: call.function.name,
      args: parseArguments(call.function.arguments),
      output: outputs.get(call.id),
    }));
}

function parseArguments(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
