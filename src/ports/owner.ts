/** Tells this process apart from every other one that may work on the same project. */
export interface Owner {
  /** What is written into a lease, so that others can say who holds it. */
  readonly holder: unknown;
  /** True when the holder of a lease is known to be dead: on this machine, and its process is gone. */
  isDead(holder: unknown): boolean;
}
