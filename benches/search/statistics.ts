export interface Summary {
  readonly minimum: number;
  readonly firstQuartile: number;
  readonly median: number;
}

export function summarise(samples: readonly number[]): Summary {
  const sorted = samples.toSorted((a, b) => a - b);
  return {
    minimum: quantile(sorted, 0),
    firstQuartile: quantile(sorted, 0.25),
    median: quantile(sorted, 0.5),
  };
}

/** The nearest rank below. */
function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.floor(share * (sorted.length - 1))] ?? Number.NaN;
}
