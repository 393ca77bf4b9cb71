import fc from "fast-check";

/**
 * How much a run does. Small and fixed by default, for `npx vitest run`; the whole proof takes
 *
 *     DIFFERENTIAL_CASES=20000 npx vitest run __test__/differential/equals-ripgrep.test.ts
 *     WRITE_SEARCH_PAIRS=10000 npx vitest run __test__/differential/write-then-search.test.ts
 *     FUZZ_INPUTS=100000 npx vitest run __test__/fuzz
 *
 * A run that is larger than the default takes a new seed and prints it; DIFFERENTIAL_SEED repeats it, and together with
 * DIFFERENTIAL_PATH (printed with a counterexample) goes straight to the failing case. Shrinking takes minutes;
 * DIFFERENTIAL_SHRINK=no leaves it out. DIFFERENTIAL_RIPGREP names another ripgrep to compare with.
 */
export const DIFFERENTIAL_CASES = wholeNumber("DIFFERENTIAL_CASES");
export const WRITE_SEARCH_PAIRS = wholeNumber("WRITE_SEARCH_PAIRS");
export const FUZZ_INPUTS = wholeNumber("FUZZ_INPUTS");

/** Fixed for the default size, else new and printed, unless one is given. */
export function seedOf(defaultSize: boolean): number {
  const seed = wholeNumber("DIFFERENTIAL_SEED") ?? (defaultSize ? 1 : Date.now() % 2 ** 31);
  if (!defaultSize) process.stderr.write(`DIFFERENTIAL_SEED=${seed}\n`);
  return seed;
}

/** Checks a property so often, and prints what repeats a failure. */
export async function check<T>(
  property: fc.IAsyncProperty<T>,
  { runs, defaultSize }: { readonly runs: number; readonly defaultSize: boolean },
): Promise<void> {
  const path = process.env["DIFFERENTIAL_PATH"];
  await fc.assert(property, {
    seed: seedOf(defaultSize),
    numRuns: runs,
    ...(path && { path }),
    // For a look at the first failure as it is.
    endOnFailure: process.env["DIFFERENTIAL_SHRINK"] === "no",
  });
}

function wholeNumber(name: string): number | undefined {
  const given = process.env[name];
  if (given === undefined || given === "") return undefined;
  const value = Number(given);
  if (!Number.isSafeInteger(value)) throw new Error(`${name} must be a whole number, and is ${given}`);
  return value;
}
