/** A Markdown table; empty text for one without rows. */
export function table(
  heading: string,
  columns: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  if (rows.length === 0) return "";
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [`## ${heading}`, "", line(columns), line(columns.map(() => "---")), ...rows.map(line), "", ""].join(
    "\n",
  );
}

/** Milliseconds with about three digits. */
export function milliseconds(value: number): string {
  if (Number.isNaN(value)) return "–";
  return value.toFixed(value < 1 ? 3 : value < 10 ? 2 : value < 100 ? 1 : 0);
}

export function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}

/** How many times as fast as the baseline. */
export function factor(baseline: number, value: number): string {
  const times = baseline / value;
  if (Number.isNaN(times)) return "–";
  return times.toFixed(times < 10 ? 2 : times < 100 ? 1 : 0);
}
