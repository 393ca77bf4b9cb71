import type { Hook } from "../hooks/index.js";
import type { HostPoints } from "./hooks.js";
import type { OpenedProject } from "./opened-project.js";

/** Tokens of system prompt and tools, which no hook tells the size of, until the first call has told. */
const UNSEEN_TOKENS = 12_000;
/** Bytes of a token, at the least that counts: code and English have about four. */
const BYTES_PER_TOKEN = 2;

/**
 * Keeps missions inside their budget: before each model call it is worked out what the call can use at most, and one that
 * could pass the budget is refused. The size of a request is that of the session's last call, as the provider counted it, and
 * of what has come since, counted high.
 */
export function budget(project: OpenedProject): Hook<HostPoints> {
  const sizes = new Map<string, number>();
  return {
    name: "budget",
    phase: "late",
    safety: true,
    on: {
      "experimental.chat.messages.transform": async (_, { messages }) => {
        const session = messages.at(-1)?.info.sessionID;
        if (session === undefined || !(await project.engineIfAny())?.assignment(session)) return;
        sizes.set(session, requestTokens(messages));
      },
      "chat.params": async ({ sessionID, model }, output) => {
        const engine = await project.engineIfAny();
        if (!engine?.assignment(sessionID)) return;
        const { input, output: written } = model.cost;
        output.maxOutputTokens = await engine.modelCall(sessionID, {
          inputTokens: sizes.get(sessionID) ?? UNSEEN_TOKENS,
          maxOutputTokens: output.maxOutputTokens ?? model.limit.output,
          price: { input, output: written },
        });
      },
      event: ({ event }) => {
        if (event.type === "session.deleted") sizes.delete(event.properties.info.id);
      },
    },
  };
}

type Messages = HostPoints["experimental.chat.messages.transform"][1]["messages"];

/** At least as many tokens as the request with these messages has. */
function requestTokens(messages: Messages): number {
  const last = messages.findLastIndex(({ info }) => info.role === "assistant" && info.tokens.input > 0);
  const { info } = messages[last] ?? {};
  const known =
    info?.role === "assistant"
      ? info.tokens.input + info.tokens.cache.read + info.tokens.cache.write + info.tokens.output
      : UNSEEN_TOKENS;
  // The parts of an answer hold the results of its calls, which came behind what was counted.
  const since = messages.slice(Math.max(0, last)).flatMap(({ parts }) => parts);
  return known + Math.ceil(Buffer.byteLength(JSON.stringify(since)) / BYTES_PER_TOKEN);
}
