import fc from "fast-check";
import type { ConversationMessage, MessagePart } from "../../src/context/index.js";

const FILES = ["a.ts", "b.ts", "c.ts"];

const call = fc.oneof(
  fc.record({ tool: fc.constant("read"), input: fc.record({ filePath: fc.constantFrom(...FILES) }) }),
  fc.record({
    tool: fc.constant("read"),
    input: fc.record({ filePath: fc.constantFrom(...FILES), offset: fc.nat(2), limit: fc.constant(9) }),
  }),
  fc.record({
    tool: fc.constantFrom("write", "edit"),
    input: fc.record({ filePath: fc.constantFrom(...FILES) }),
  }),
  fc.record({
    tool: fc.constant("bash"),
    input: fc.record({
      command: fc.constantFrom("npm test", "ls"),
      description: fc.string({ maxLength: 5 }),
    }),
  }),
  fc.record({ tool: fc.constant("grep"), input: fc.record({ pattern: fc.constantFrom("x", "y") }) }),
  fc.record({ tool: fc.constantFrom("task_report", "some_mcp"), input: fc.constant({}) }),
);

/** Sizes from nothing to huge, with characters of two units at any place. */
const text = fc
  .tuple(fc.constantFrom("", "x", "line\n", "😀", "é"), fc.constantFrom(1, 40, 700, 4_000))
  .map(([unit, times]) => unit.repeat(times));

const state = fc
  .tuple(call, text, fc.constantFrom("completed", "completed", "completed", "error", "running"))
  .map(([{ tool, input }, content, status]) => ({
    tool,
    state: {
      status,
      input,
      ...(status === "completed" && { output: content }),
      ...(status === "error" && { error: content }),
    },
  }));

const assistant = fc
  .tuple(fc.array(state, { maxLength: 3 }), fc.option(fc.constant("thinking aloud"), { nil: undefined }))
  .map(([calls, said]): MessagePart[] => [
    { type: "step-start" },
    ...(said ? [{ type: "text", text: said }] : []),
    ...calls.map((one) => ({ type: "tool", ...one })),
  ]);

/** A conversation as the host hands it over: a user's message, steps of the model, further messages in between. */
export const conversation: fc.Arbitrary<ConversationMessage[]> = fc
  .array(
    fc.oneof({ weight: 6, arbitrary: assistant }, { weight: 1, arbitrary: fc.constant("user" as const) }),
    {
      maxLength: 40,
    },
  )
  .map((drawn) => {
    const messages: ConversationMessage[] = [user("begin")];
    for (const one of drawn)
      messages.push(
        one === "user" ? user("go on") : { info: { role: "assistant", sessionID: "s" }, parts: one },
      );
    return messages.map((message, index) => ({
      ...message,
      parts: message.parts.map((part, at) =>
        part.type === "tool" ? { ...part, callID: `call_${index}_${at}` } : part,
      ),
    }));
  });

function user(said: string): ConversationMessage {
  return { info: { role: "user", sessionID: "s" }, parts: [{ type: "text", text: said }] };
}
