import type { Reply } from "./model-reply.js";
import type { ModelRequest } from "./model-request.js";

/** What a script knows besides the request. */
export interface ScriptContext {
  /** Earlier requests of the same conversation and purpose, failed ones included: 0 at the first. */
  readonly turn: number;
  /** The script's own memory of this conversation. */
  readonly state: Map<string, unknown>;
  /** Uniform in [0, 1); the same seed, first user text and turn give the same numbers. */
  readonly random: () => number;
  /** Fires when the host gives up on this request or the server closes. */
  readonly signal: AbortSignal;
}

/** Plays the model: one reply for one request. */
export type Script = (request: ModelRequest, context: ScriptContext) => Reply | Promise<Reply>;

/** Plays the replies in order, one per request of a conversation; asking for more is an error. */
export function inOrder(...steps: readonly (Reply | Script)[]): Script {
  return (request, context) => {
    const step = steps[context.turn];
    if (step === undefined) {
      throw new Error(
        `the script has ${steps.length} replies, and the host asked for number ${context.turn + 1}`,
      );
    }
    return typeof step === "function" ? step(request, context) : step;
  };
}

/** Names the agent that a request comes from; `undefined` when none of `roles` is recognised. */
export type DetectAgent = (request: ModelRequest, roles: readonly string[]) => string | undefined;

/** Finds the first Markdown heading of the system prompt that is a role's name: `# Worker`. */
export const agentByHeading: DetectAgent = ({ system }, roles) => {
  for (const [, heading] of system.matchAll(/^#\s+(\w+)/gm)) {
    const role = roles.find((name) => name.toLowerCase() === heading?.toLowerCase());
    if (role !== undefined) return role;
  }
  return undefined;
};

/** The rest of the cast of {@link byAgent}; without an entry such a request is an error. */
export interface SupportingCast {
  readonly compaction?: Script;
  readonly other?: Script;
}

/** Plays several agents: each request goes to the script of the agent that it comes from. */
export function byAgent(
  cast: Readonly<Record<string, Script | undefined>> & SupportingCast,
  detect: DetectAgent = agentByHeading,
): Script {
  const roles = Object.keys(cast).filter((name) => name !== "other" && name !== "compaction");
  return (request, context) => {
    const role = request.purpose === "compaction" ? "compaction" : detect(request, roles);
    const script = (role === undefined ? undefined : cast[role]) ?? cast.other;
    if (!script) {
      throw new Error(
        `no script for this request: its system prompt begins ${JSON.stringify(request.system.slice(0, 120))}`,
      );
    }
    return script(request, context);
  };
}
