/** The same call so often, with nothing changed in between, is refused, and the agent told to think again. */
export const REPEATS_REFUSED = 5;
/** And so often, its turn is stopped: the attempt has failed. */
export const REPEATS_STOPPED = 10;

/** Calls that are remembered of one session. */
const MAX_CALLS = 200;

/** Counts equal tool calls of each session: a loop that models fall into, and that costs without an end. */
export class Repeats {
  readonly #sessions = new Map<string, Map<string, number>>();

  /**
   * Notes a call. The answer is how often it was made with the same arguments since something was last changed by another
   * one: tests that are run again after an edit are no repetition.
   */
  note(session: string, tool: string, args: unknown, changes: boolean): number {
    const call = `${tool} ${JSON.stringify(args)}`;
    const calls = this.#sessions.get(session) ?? new Map<string, number>();
    const count = (calls.get(call) ?? 0) + 1;
    if (changes || calls.size >= MAX_CALLS) calls.clear();
    calls.set(call, count);
    this.#sessions.set(session, calls);
    return count;
  }

  /** The session begins something else. */
  forget(session: string): void {
    this.#sessions.delete(session);
  }
}
