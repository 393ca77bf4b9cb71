import * as z from "zod";
import type { Use } from "./model.js";

const answerSchema = z.object({
  info: z.object({
    id: z.string(),
    sessionID: z.string(),
    role: z.literal("assistant"),
    modelID: z.string().optional(),
    cost: z.number().optional(),
    tokens: z.object({ input: z.number(), output: z.number(), reasoning: z.number().optional() }).optional(),
  }),
});

/** What sessions use, heard from the host's events while it happens. */
export class SessionUse {
  readonly #answers = new Map<string, Map<string, Use>>();

  /** A `message.updated` event's properties. True when it changed something. */
  heard(properties: unknown): boolean {
    const info = answerSchema.safeParse(properties).data?.info;
    if (!info) return false;
    const { input = 0, output = 0, reasoning = 0 } = info.tokens ?? {};
    const answers = this.#answers.get(info.sessionID) ?? new Map<string, Use>();
    this.#answers.set(info.sessionID, answers);
    const now = { tokens: input + output + reasoning, cost: info.cost ?? 0, model: info.modelID };
    const before = answers.get(info.id);
    answers.set(info.id, now);
    return before?.tokens !== now.tokens || before.cost !== now.cost || before.model !== now.model;
  }

  /** The session is gone. */
  forget(session: string): void {
    this.#answers.delete(session);
  }

  of(session: string): Use | undefined {
    const answers = [...(this.#answers.get(session)?.values() ?? [])];
    if (answers.length === 0) return undefined;
    return {
      tokens: answers.reduce((sum, one) => sum + one.tokens, 0),
      cost: answers.reduce((sum, one) => sum + one.cost, 0),
      model: answers.findLast((one) => one.model !== undefined)?.model,
    };
  }
}
