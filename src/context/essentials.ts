import type { ConversationMessage } from "./conversation.js";

/** What a session must know at all times. */
export interface Essentials {
  /** As it is put into a compaction's prompt, or back into a session that has lost it. */
  readonly text: string;
  /** What must be found in the conversation, word for word. */
  readonly facts: readonly string[];
}

/** The facts that stand in no text of the conversation: lost in a compaction. */
export function missingFacts(
  messages: readonly ConversationMessage[],
  { facts }: Pick<Essentials, "facts">,
): string[] {
  let missing = [...facts];
  for (const { parts } of messages) {
    if (missing.length === 0) break;
    for (const { type, text } of parts)
      if (type === "text" && text) missing = missing.filter((fact) => !text.includes(fact));
  }
  return missing;
}
