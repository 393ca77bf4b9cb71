import type { Cell } from "../comparison.js";
import type { Results } from "../results.js";
import { STRUCTURAL, TEXT } from "../sections.js";
import { summarise } from "../statistics.js";
import { factor, milliseconds, table } from "./table.js";

/** A table for each section and tree: every query with all engines, beside the section's baseline. */
export function renderComparisons(results: Results): string {
  const { cells } = results;
  const heading = ({ section, tree }: Cell) => `${section}, ${tree}`;
  const groups = [...new Set(cells.map(heading))];
  return groups
    .map((group) =>
      renderGroup(
        group,
        cells.filter((cell) => heading(cell) === group),
        results,
      ),
    )
    .join("");
}

function renderGroup(heading: string, cells: readonly Cell[], results: Results): string {
  const baseline = cells[0]?.section === STRUCTURAL.name ? STRUCTURAL.baseline : TEXT.baseline;
  const columns = [
    "query (findings in all)",
    "engine",
    "handed over",
    "minimum ms",
    "first quartile",
    "median",
    "rounds",
    `${baseline} ÷ this, minima`,
    "medians",
  ];
  const rows = cells.map((cell) => {
    const of = cells.find(({ query, engine }) => query === cell.query && engine === baseline);
    const base = summarise(of?.milliseconds ?? []);
    const { minimum, firstQuartile, median } = summarise(cell.milliseconds);
    return [
      `${cell.query} (${totalOf(cell, results)})`,
      cell.engine,
      String(cell.count ?? "–"),
      milliseconds(minimum),
      milliseconds(firstQuartile),
      milliseconds(median),
      String(cell.milliseconds.length),
      factor(base.minimum, minimum),
      factor(base.median, median),
    ];
  });
  return table(heading, columns, rows);
}

function totalOf({ tree, query }: Cell, { totals }: Results): string {
  return String(totals.find((one) => one.tree === tree && one.query === query)?.total ?? "–");
}
