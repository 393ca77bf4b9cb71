/** Boards of so few lines are always shown whole. */
const SMALL = 12;

/**
 * What has changed since a board that the reader has: the first line, the lines that are new or changed, and how many
 * tasks are as they were. The whole board where that is not shorter.
 */
export function boardSince(before: string | undefined, now: string): string {
  const lines = now.split("\n");
  if (before === undefined || lines.length <= SMALL) return now;
  const known = new Set(before.split("\n"));
  const [head = "", ...rest] = lines;
  const changed = rest.filter((line) => line === "" || !known.has(line));
  const same = rest.filter((line) => line.startsWith("[") && known.has(line)).length;
  const delta = [head, ...changed, `(${same} tasks as on the board before; whole: true shows all)`].join(
    "\n",
  );
  return delta.length < now.length ? delta : now;
}

/** The board that each session has seen last, as long as it stands in its conversation. */
export class SeenBoards {
  readonly #bySession = new Map<string, string>();

  /** The board as the session needs it; it has then seen it. */
  show(session: string, board: string, whole: boolean): string {
    const before = whole ? undefined : this.#bySession.get(session);
    this.#bySession.set(session, board);
    return boardSince(before, board);
  }

  /** The session has lost what it had seen, or is gone. */
  forget(session: string): void {
    this.#bySession.delete(session);
  }
}
