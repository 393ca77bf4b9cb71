/** Codes of errors that the mission engine raises. Stable: tools, tests and logs refer to them. */
export type MissionErrorCode =
  | "ERR_PLAN_INVALID"
  | "ERR_ILLEGAL_TRANSITION"
  | "ERR_NO_MISSION"
  | "ERR_MISSION_ACTIVE"
  | "ERR_NOT_ASSIGNED"
  | "ERR_NOT_OWNER"
  | "ERR_UNKNOWN_TASK"
  | "ERR_DEPTH"
  | "ERR_HELD"
  | "ERR_STAGNATION"
  | "ERR_BUDGET"
  | "ERR_INVALID_STATE"
  | "ERR_WITHDRAWN";

/** An error that a person or a model can act on: what is wrong, and the way out. */
export class MissionError extends Error {
  override readonly name = "MissionError";
  readonly code: MissionErrorCode;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: MissionErrorCode, message: string, details: Readonly<Record<string, unknown>> = {}) {
    super(message);
    this.code = code;
    this.details = details;
  }
}
