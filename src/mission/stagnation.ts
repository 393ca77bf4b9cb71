/** Rounds of a task that end in the same way. */

/** From this many on, the Worker has to find the cause before it changes anything. */
export const DIAGNOSE_AT = 2;
/** From this many on, another model is tried, if there is one. */
export const OTHER_MODEL_AT = 2;
/** From this many on, only the user can have it tried again. */
export const ASK_AT = 3;

/** Nothing has been tried since somebody decided that it is to be tried again. */
export const NO_STAGNATION = { digest: "", rounds: 0 } as const;

const MAX_DIGEST = 2_000;

/**
 * What a round came to, to be compared with the next one's: the findings without what differs from run to run (numbers, so
 * lines, times and ids; hexadecimal addresses; white space).
 */
export function digestOf(findings: readonly string[]): string {
  return findings
    .map((one) =>
      one
        .replace(/\b0x[0-9a-f]+\b|\b[0-9a-f]{8,}\b/gi, "#")
        .replace(/\d+(\.\d+)?/g, "#")
        .replace(/\s+/g, " ")
        .trim(),
    )
    .sort()
    .join("\n")
    .slice(0, MAX_DIGEST);
}

/** How many rounds in a row have come to the same, this one included. */
export function roundsWithoutProgress(
  before: { readonly digest: string; readonly rounds: number } | undefined,
  findings: readonly string[],
): { readonly digest: string; readonly rounds: number } {
  const digest = digestOf(findings);
  return { digest, rounds: before?.digest === digest ? before.rounds + 1 : 1 };
}
