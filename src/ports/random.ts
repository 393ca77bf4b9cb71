/** Randomness as the engine sees it, so that a seed replays a run. */
export interface Random {
  /** A number in [0, 1). */
  next(): number;
}
