/** The host's messages as far as pruning looks at them: structurally, since the host's published types lag behind. */

export interface ToolState {
  readonly status: string;
  readonly input?: unknown;
  readonly output?: string;
  readonly error?: string;
  readonly time?: { readonly compacted?: number };
}

export interface MessagePart {
  readonly type: string;
  readonly text?: string;
  readonly tool?: string;
  readonly callID?: string;
  readonly state?: ToolState;
}

export interface ConversationMessage {
  readonly info: { readonly role: string; readonly sessionID?: string };
  readonly parts: MessagePart[];
}

/** A finished call of a tool, where it stands and what the model sees of its end. */
export interface FinishedCall {
  readonly message: number;
  readonly part: number;
  /** Which model call made it, from 0: an assistant message is one. */
  readonly step: number;
  readonly tool: string;
  readonly input: Readonly<Record<string, unknown>>;
  readonly failed: boolean;
  /** Its output, or its error. */
  readonly text: string;
}

/** Model calls in the conversation. */
export function countSteps(messages: readonly ConversationMessage[]): number {
  return messages.filter(({ info }) => info.role === "assistant").length;
}

/** The finished calls, in the order in which they were made. Those whose output the host has cleared are left out. */
export function finishedCalls(messages: readonly ConversationMessage[]): FinishedCall[] {
  const calls: FinishedCall[] = [];
  let step = -1;
  for (const [message, { info, parts }] of messages.entries()) {
    if (info.role !== "assistant") continue;
    step += 1;
    for (const [part, { type, tool, state }] of parts.entries()) {
      if (type !== "tool" || tool === undefined || !state || state.time?.compacted) continue;
      const failed = state.status === "error";
      const text = failed ? state.error : state.status === "completed" ? state.output : undefined;
      if (typeof text !== "string") continue;
      calls.push({ message, part, step, tool, input: fields(state.input), failed, text });
    }
  }
  return calls;
}

/** Puts another text in the place of a call's output or error. The call and everything around it stay as they are. */
export function replaceText(
  messages: readonly ConversationMessage[],
  call: FinishedCall,
  text: string,
): void {
  const parts = messages[call.message]?.parts;
  const part = parts?.[call.part];
  // The part is the host's: it is put in place anew, never written into.
  if (parts && part?.state)
    parts[call.part] = { ...part, state: { ...part.state, [call.failed ? "error" : "output"]: text } };
}

function fields(input: unknown): Readonly<Record<string, unknown>> {
  return typeof input === "object" && input !== null ? (input as Record<string, unknown>) : {};
}
