/**
 * How relevant a note is: an exponential moving average (Brown 1959; NIST/SEMATECH e-Handbook of Statistical Methods,
 * 6.4.3.1) over what each round says about it. A round is the first request of a session of a mission, so that notes do
 * not fade while nobody works. docs/MEMORY.md has the formulae and what the parameters lead to.
 */

export interface RelevanceParameters {
  /** Weight of the newest round, in (0, 1]. */
  readonly alpha: number;
  /** Relevance of a new note. */
  readonly start: number;
  /** Weights of what a round can say; they add up to 1. */
  readonly used: number;
  readonly referenced: number;
  readonly recent: number;
  /** Rounds after which a note's recency has halved. */
  readonly halfLife: number;
}

export const RELEVANCE: RelevanceParameters = {
  alpha: 0.3,
  start: 0.6,
  used: 0.6,
  referenced: 0.2,
  recent: 0.2,
  halfLife: 8,
};

/** What happened to a note since the last round. */
export interface NoteSignals {
  /** Times that it was recalled. */
  readonly used: number;
  /** Times that other notes named it. */
  readonly referenced: number;
  /** Rounds since it was made or changed. */
  readonly age: number;
}

/** What one round says of a note, in [0, 1]: more than one use in a round counts as one. */
export function observe(signals: NoteSignals, by: RelevanceParameters = RELEVANCE): number {
  const used = signals.used > 0 ? by.used : 0;
  const referenced = signals.referenced > 0 ? by.referenced : 0;
  return used + referenced + by.recent * 2 ** (-signals.age / by.halfLife);
}

/** The average after one more round. */
export function smooth(before: number, observed: number, by: RelevanceParameters = RELEVANCE): number {
  return by.alpha * observed + (1 - by.alpha) * before;
}
