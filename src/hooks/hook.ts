/** Hooks of the early phase run before those of the normal one, and those before the late ones. */
export const PHASES = ["early", "normal", "late"] as const;
export type Phase = (typeof PHASES)[number];

/** What hooks at each point are called with. */
export type Points = { readonly [point: string]: readonly unknown[] };

type Run<Arguments extends readonly unknown[]> = (...input: Arguments) => Promise<void> | void;

/** A named behaviour that hangs at one or more points. */
export interface Hook<At extends Points> {
  /** Unique; what a user switches it off by. */
  readonly name: string;
  /** `normal` where none is given. */
  readonly phase?: Phase | undefined;
  /** Within a phase the higher goes first, equals in the order in which they were registered; 0 where none is given. */
  readonly priority?: number | undefined;
  /** Names of hooks that this one goes before, whatever the priorities say. */
  readonly before?: readonly string[] | undefined;
  /** Names of hooks that this one goes after. */
  readonly after?: readonly string[] | undefined;
  /**
   * True for a hook that keeps something from happening: what it throws ends the operation, and nobody can switch it
   * off. Every other hook is isolated: what it throws is logged, and the operation goes on.
   */
  readonly safety?: boolean | undefined;
  readonly on: { readonly [Point in keyof At]?: Run<At[Point]> };
}

/** Hooks that cannot be put together: a mistake in what was registered. */
export class HookConfigurationError extends Error {
  override readonly name = "HookConfigurationError";
  readonly code = "ERR_HOOKS";
  /** The names along the cycle, the first one again at the end; empty when the mistake is another. */
  readonly cycle: readonly string[];

  constructor(message: string, cycle: readonly string[] = []) {
    super(message);
    this.cycle = cycle;
  }
}
