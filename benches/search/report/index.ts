import { ENGINE_TITLES } from "../engines/names.js";
import type { Results } from "../results.js";
import { renderComparisons } from "./comparisons.js";
import { megabytes, milliseconds, table } from "./table.js";

/** The results as Markdown. */
export function renderReport(results: Results): string {
  return [
    `${results.machine}\n\n`,
    table("Engines", ["name", "what it is"], Object.entries(ENGINE_TITLES)),
    renderTrees(results),
    renderAgreement(results),
    renderComparisons(results),
    renderPreparations(results),
    renderMemory(results),
    renderDelays(results),
  ].join("");
}

function renderTrees({ trees, reading }: Results): string {
  const rows = trees.map(({ name, files, bytes, cache }) => {
    const limits = reading.filter(({ tree }) => tree === name);
    const times = limits.map((limit) => `${limit.method}: ${milliseconds(Math.min(...limit.milliseconds))}`);
    return [name, String(files), megabytes(bytes), cache, times.join("; ") || "–"];
  });
  return table("Trees", ["tree", "files", "MB", "held in memory by", "reading all, minimum ms"], rows);
}

function renderAgreement({ differences, freshness }: Results): string {
  const rows = differences.map(({ tree, query, engine, missing, extra, examples }) => {
    return [tree, query, engine, String(missing), String(extra), examples.join(" ")];
  });
  const columns = ["tree", "query", "engine", "missing", "extra", "examples"];
  const freshRows = freshness.map(({ tree, engine, staleFiles, failure }) => {
    return [tree, engine, failure ?? String(staleFiles)];
  });
  return (
    table("Findings that differ from the baseline's, without limits", columns, rows) +
    table("Files answered from before a change, at most", ["tree", "engine", "files"], freshRows)
  );
}

function renderPreparations({ preparations }: Results): string {
  const rows = preparations.map(({ tree, engine, milliseconds: taken, bytes }) => {
    return [tree, engine, milliseconds(taken), bytes === undefined ? "–" : megabytes(bytes)];
  });
  return table("Until the index is ready", ["tree", "engine", "ms", "index MB"], rows);
}

function renderMemory({ memory }: Results): string {
  const rows = memory.map(({ tree, engine, process, child }) => {
    return [tree, engine, megabytes(process), megabytes(child)];
  });
  return table("Peak resident memory, MB", ["tree", "engine", "Node", "largest child"], rows);
}

function renderDelays({ loopDelays }: Results): string {
  const rows = loopDelays.map(({ tree, query, engine, p99Ms, maxMs }) => {
    return [tree, query, engine, milliseconds(p99Ms), milliseconds(maxMs)];
  });
  return table(
    "Delay of the event loop while searching, ms",
    ["tree", "query", "engine", "p99", "maximum"],
    rows,
  );
}
