import type { ConversationMessage, MessagePart } from "../../src/context/index.js";

/**
 * The shapes in which providers get a conversation, made from the host's messages as its SDK makes them (a call without
 * an end gets the host's note as its result), and the rules by which each provider refuses one.
 */

interface Result {
  readonly id: string;
  readonly name: string;
  readonly text: string;
}

const calls = (parts: readonly MessagePart[]) => parts.filter((part) => part.type === "tool");

function results(parts: readonly MessagePart[]): Result[] {
  return calls(parts).map(({ callID = "", tool = "", state }) => ({
    id: callID,
    name: tool,
    text: state?.output ?? state?.error ?? "[Tool execution was interrupted]",
  }));
}

const said = (parts: readonly MessagePart[]) =>
  parts.flatMap((part) => (part.type === "text" && part.text ? [part.text] : []));

const isEmpty = ({ parts }: ConversationMessage) => said(parts).length === 0 && calls(parts).length === 0;

/** Every string is whole: no half of a character, which JSON parsers of providers refuse. */
function assertText(text: string): void {
  // Throws for half a character.
  encodeURIComponent(text);
}

/** Every `tool` message answers a call of the assistant message before it, and each call is answered exactly once. */
export function assertOpenAi(messages: readonly ConversationMessage[]): void {
  const shaped = messages
    .filter((message) => !isEmpty(message))
    .flatMap(({ info, parts }) => [
      { role: info.role, calls: calls(parts).map((part) => part.callID) },
      ...results(parts).map((result) => ({ role: "tool", answers: result.id, text: result.text })),
    ]);
  let open: (string | undefined)[] = [];
  for (const one of shaped) {
    if ("answers" in one) {
      if (!open.includes(one.answers)) throw new Error(`a result for ${one.answers}, which is not open`);
      open = open.filter((id) => id !== one.answers);
      assertText(one.text ?? "");
    } else {
      if (open.length > 0) throw new Error(`no result for ${open}`);
      open = one.calls;
    }
  }
  if (open.length > 0) throw new Error(`no result for ${open}`);
}

/** Turns alternate and begin with the user's; the results of all calls of a turn stand at the head of the next one. */
export function assertAnthropic(messages: readonly ConversationMessage[]): void {
  const turns: { role: string; blocks: { type: string; id?: string }[] }[] = [];
  const add = (role: string, blocks: { type: string; id?: string }[]) => {
    const last = turns.at(-1);
    if (last?.role === role) last.blocks.push(...blocks);
    else if (blocks.length > 0) turns.push({ role, blocks });
  };
  for (const { info, parts } of messages) {
    add(info.role, [
      ...said(parts).map(() => ({ type: "text" })),
      ...calls(parts).map((part) => ({ type: "tool_use", id: part.callID ?? "" })),
    ]);
    add(
      "user",
      results(parts).map(({ id, text }) => {
        assertText(text);
        return { type: "tool_result", id };
      }),
    );
  }
  if (turns[0]?.role !== "user") throw new Error("the first turn is not the user's");
  for (const [index, { role, blocks }] of turns.entries()) {
    if (role === turns[index - 1]?.role) throw new Error("two turns of one role");
    const used = blocks.filter((block) => block.type === "tool_use").map((block) => block.id);
    const head = (turns[index + 1]?.blocks ?? []).slice(0, used.length).map((block) => block.id);
    if (JSON.stringify(used) !== JSON.stringify(head)) throw new Error(`results ${head} for ${used}`);
  }
}

/** As many function responses as calls, in their order, in the turn behind them. */
export function assertGemini(messages: readonly ConversationMessage[]): void {
  for (const { info, parts } of messages) {
    const called = calls(parts).map((part) => part.tool);
    const answered = results(parts).map((result) => result.name);
    if (JSON.stringify(called) !== JSON.stringify(answered))
      throw new Error("responses do not fit the calls");
    if (called.length > 0 && info.role !== "assistant") throw new Error("a call of the user's");
  }
}
