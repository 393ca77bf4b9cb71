/** More than a generated tree can hold. */
export const UNLIMITED = 1_000_000;

export function numberDifference(name: string, expected: number, actual: number): string[] {
  return expected === actual ? [] : [`${name}: ${actual}, expected: ${expected}`];
}

/** What one list lacks, what it has beyond the other, and else whether the order is another. */
export function listDifferences(expected: readonly string[], actual: readonly string[]): string[] {
  const [wanted, given] = [new Set(expected), new Set(actual)];
  const missing = expected.filter((each) => !given.has(each)).slice(0, 5);
  const extra = actual.filter((each) => !wanted.has(each)).slice(0, 5);
  const found = [
    ...missing.map((each) => `missing: ${each}`),
    ...extra.map((each) => `not expected: ${each}`),
  ];
  if (expected.length !== actual.length) found.push(`${actual.length} in all, expected: ${expected.length}`);
  if (found.length === 0 && expected.join("\0") !== actual.join("\0"))
    found.push(`order: ${JSON.stringify(actual)}, expected: ${JSON.stringify(expected)}`);
  return found;
}
