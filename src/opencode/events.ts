import * as z from "zod";
import type { TokenUse } from "../ports/index.js";
import { useOf } from "./host.js";

/** What the plugin wants to know of the host's events; everything else is dropped without a look at its content. */
export type SessionEvent =
  | { readonly kind: "changed" | "deleted"; readonly session: string }
  /** A model call of the session has used this; `complete`: it is over. */
  | {
      readonly kind: "used";
      readonly session: string;
      readonly message: string;
      readonly use: TokenUse;
      readonly complete: boolean;
    }
  /** A sign of life, of which there are very many. */
  | { readonly kind: "alive"; readonly session: string }
  /** The session asks the user something, or has its answer. */
  | { readonly kind: "asked" | "answered"; readonly session: string; readonly question: string }
  | { readonly kind: "failed"; readonly session: string; readonly message: string };

const withSession = z.object({ sessionID: z.string() });
const withMessage = z.object({
  info: z.object({
    sessionID: z.string(),
    id: z.string(),
    role: z.string(),
    time: z.object({ completed: z.number().optional() }),
  }),
});
const withUse = z.object({
  info: z.object({
    tokens: z.object({
      input: z.number(),
      output: z.number(),
      reasoning: z.number(),
      cache: z.object({ read: z.number(), write: z.number() }),
    }),
    cost: z.number(),
  }),
});
const withError = z.object({
  sessionID: z.string(),
  error: z
    .object({ name: z.string(), data: z.object({ message: z.string().optional() }).optional() })
    .optional(),
});

const withPart = z.object({ part: z.object({ sessionID: z.string() }) });
const withQuestion = z.object({ sessionID: z.string(), id: z.string() });
const withReply = z.object({ sessionID: z.string(), requestID: z.string() });

const withFile = z.object({ file: z.string() });

/** The file that the event says was edited; undefined for every other event. */
export function editedFile(event: { type: string; properties: unknown }): string | undefined {
  if (event.type !== "file.edited" && event.type !== "file.watcher.updated") return undefined;
  return withFile.safeParse(event.properties).data?.file;
}

const withFailedCall = z.object({
  part: z.object({
    type: z.literal("tool"),
    sessionID: z.string(),
    callID: z.string(),
    state: z.object({ status: z.literal("error") }),
  }),
});

/** The tool call that the event says has failed, of which no hook tells; undefined for every other event. */
export function failedCall(event: {
  type: string;
  properties: unknown;
}): { session: string; call: string } | undefined {
  if (event.type !== "message.part.updated") return undefined;
  const part = withFailedCall.safeParse(event.properties).data?.part;
  return part && { session: part.sessionID, call: part.callID };
}

/** Reads an event by shape: the host's published types lag behind what it sends. */
export function sessionEvent(event: { type: string; properties: unknown }): SessionEvent | undefined {
  switch (event.type) {
    case "session.idle":
    case "session.status":
    case "session.deleted": {
      const parsed = withSession.safeParse(event.properties);
      const kind = event.type === "session.deleted" ? "deleted" : "changed";
      return parsed.success ? { kind, session: parsed.data.sessionID } : undefined;
    }
    case "message.updated": {
      const parsed = withMessage.safeParse(event.properties);
      if (!parsed.success || parsed.data.info.role !== "assistant") return undefined;
      const { sessionID: session, id: message, time } = parsed.data.info;
      const use = withUse.safeParse(event.properties);
      if (!use.success) return { kind: "changed", session };
      const complete = time.completed !== undefined;
      return { kind: "used", session, message, use: useOf(use.data.info), complete };
    }
    case "message.part.updated": {
      const parsed = withPart.safeParse(event.properties);
      return parsed.success ? { kind: "alive", session: parsed.data.part.sessionID } : undefined;
    }
    case "permission.asked":
    case "question.asked": {
      const parsed = withQuestion.safeParse(event.properties);
      if (!parsed.success) return undefined;
      return { kind: "asked", session: parsed.data.sessionID, question: parsed.data.id };
    }
    case "permission.replied":
    case "question.replied":
    case "question.rejected": {
      const parsed = withReply.safeParse(event.properties);
      if (!parsed.success) return undefined;
      return { kind: "answered", session: parsed.data.sessionID, question: parsed.data.requestID };
    }
    case "session.error": {
      const parsed = withError.safeParse(event.properties);
      if (!parsed.success) return undefined;
      const { sessionID, error } = parsed.data;
      // An abort stands on the message that it ended; where there is none, nothing was asked of the session.
      if (error?.name === "MessageAbortedError") return { kind: "changed", session: sessionID };
      const message = `${error?.name ?? "error"}: ${error?.data?.message ?? "no message"}`;
      return { kind: "failed", session: sessionID, message };
    }
    default:
      return undefined;
  }
}
