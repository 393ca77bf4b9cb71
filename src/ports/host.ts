/** What the engine needs from the program that runs the agents' sessions. OpenCode is one adapter. */

export interface ModelRef {
  readonly providerID: string;
  readonly modelID: string;
  readonly variant?: string | undefined;
}

export interface SessionRequest {
  readonly parent: string;
  readonly title: string;
  readonly agent: string;
  /** Tools that the session is not offered, beside those that its agent is denied. */
  readonly denied?: readonly string[];
}

export interface Prompt {
  readonly session: string;
  /** Chosen by the engine, so that sending the same instruction again is harmless. */
  readonly messageId: string;
  readonly partId: string;
  readonly agent: string;
  readonly model?: ModelRef | undefined;
  readonly text: string;
}

export interface TokenUse {
  /** Without what came from the provider's cache. */
  readonly input: number;
  readonly output: number;
  readonly cacheRead: number;
  /** US dollars, as the host prices it. */
  readonly cost: number;
}

/**
 * Why a turn ended badly. `transient` failures are worth another try; `unavailable`: this model cannot serve us (no key,
 * no credit, no such model), another one may; `permanent`: trying again is of no use.
 */
export interface TurnFailure {
  readonly kind: "aborted" | "transient" | "unavailable" | "permanent";
  readonly message: string;
  /** How long the provider asked to wait, in milliseconds. */
  readonly retryAfterMs?: number | undefined;
}

/**
 * What became of one instruction, read from the host's own records:
 * - `missing`: the session has no such message;
 * - `unanswered`: the message is there, the session is idle, and no model call has answered it;
 * - `running`: the session is working (on this instruction or on an earlier one); `waiting`: it has asked a person
 *   something and waits for the answer;
 * - `interrupted`: an answer was begun and the process that wrote it is gone;
 * - `ended`: the answer is complete.
 */
export type Turn =
  | { readonly state: "missing" | "unanswered" }
  | { readonly state: "interrupted"; readonly use: TokenUse }
  | { readonly state: "running"; readonly waiting?: boolean | undefined }
  | { readonly state: "ended"; readonly use: TokenUse; readonly failure?: TurnFailure | undefined };

export interface Notice {
  readonly title: string;
  readonly message: string;
  readonly variant: "info" | "success" | "warning" | "error";
}

export interface Host {
  /** Fresh ids for one message and its text part, ordered after all that exist. */
  messageIds(): { readonly messageId: string; readonly partId: string };
  createSession(request: SessionRequest): Promise<string>;
  /** False when the host no longer has the session. */
  hasSession(session: string): Promise<boolean>;
  prompt(prompt: Prompt): Promise<void>;
  turn(session: string, messageId: string): Promise<Turn>;
  /** Stops what the session is doing. A session that is idle or gone is not an error. */
  abort(session: string): Promise<void>;
  /** Shows a short notice to the user; never fails. */
  notify(notice: Notice): Promise<void>;
}
