import type { Seeded } from "./world.js";

/** How bad things are: probabilities from 0 to 1, times in milliseconds. */
export interface Weather {
  /** Longest answer of the host. */
  latencyMs: number;
  failingCall: number;
  lostWakeUp: number;
  lostEvent: number;
  doubleEvent: number;
  lateEventMs: number;
  /** Of a turn. */
  transientFailure: number;
  permanentFailure: number;
  hang: number;
  /** The turn ends without the call that ends the work. */
  forgottenCall: number;
  /** A tool call that makes no sense is made first. */
  nonsense: number;
  rejection: number;
  failedCheck: number;
  /** A Worker reports that it is stuck, or gives up. */
  stuck: number;
  delegation: number;
  /** The share of memory that is taken. */
  memory: number;
  /** Tokens of a mission's budget. */
  tokens: number;
  /** US dollars of it. */
  cost: number;
  /** Of each minute. */
  userAct: number;
  death: number;
}

export const CALM: Readonly<Weather> = {
  latencyMs: 20,
  failingCall: 0,
  lostWakeUp: 0,
  lostEvent: 0,
  doubleEvent: 0,
  lateEventMs: 50,
  transientFailure: 0,
  permanentFailure: 0,
  hang: 0,
  forgottenCall: 0,
  nonsense: 0,
  rejection: 0,
  failedCheck: 0,
  stuck: 0,
  delegation: 0,
  memory: 0.3,
  tokens: 10_000_000,
  cost: 1_000,
  userAct: 0,
  death: 0,
};

/** The weather of a run: mostly mild, each trouble now and then heavy, so that runs differ in kind. */
export function weatherOf(random: Seeded): Weather {
  const trouble = (heavy: number) => (random.chance(0.5) ? 0 : random.chance(0.3) ? heavy : heavy / 10);
  return {
    latencyMs: random.pick([5, 50, 500]),
    failingCall: trouble(0.05),
    lostWakeUp: trouble(0.3),
    lostEvent: trouble(0.9),
    doubleEvent: trouble(0.5),
    lateEventMs: random.pick([10, 1_000, 20_000]),
    transientFailure: trouble(0.4),
    permanentFailure: trouble(0.05),
    hang: trouble(0.05),
    forgottenCall: trouble(0.3),
    nonsense: trouble(0.5),
    rejection: trouble(0.4),
    failedCheck: trouble(0.3),
    stuck: trouble(0.2),
    delegation: trouble(0.3),
    memory: random.pick([0.3, 0.3, 0.85]),
    tokens: random.chance(0.3) ? 10_000 + random.below(200_000) : 10_000_000,
    cost: random.chance(0.2) ? 0.05 + random.next() : 1_000,
    userAct: trouble(0.2),
    death: trouble(0.3),
  };
}
