const CONTEXT = 3;

/** One hunk of a unified diff, from the first line that differs to the last. `undefined`: there is no such file. */
export function unifiedDiff(path: string, before: string | undefined, after: string | undefined): string {
  const [old, fresh] = [linesOf(before), linesOf(after)];
  const most = Math.min(old.length, fresh.length);
  let head = 0;
  while (head < most && old[head] === fresh[head]) head++;
  let tail = 0;
  while (tail < most - head && old.at(-1 - tail) === fresh.at(-1 - tail)) tail++;
  if (head === old.length && head === fresh.length) return "";
  const from = Math.max(0, head - CONTEXT);
  const trailing = Math.min(tail, CONTEXT);
  const range = (lines: readonly string[]) => {
    const count = lines.length - tail + trailing - from;
    return `${count === 0 ? from : from + 1},${count}`;
  };
  const removed = old.slice(head, old.length - tail);
  const added = fresh.slice(head, fresh.length - tail);
  const shown = [
    ...old.slice(from, head).map((line) => ` ${line}`),
    ...removed.map((line) => `-${line}`),
    ...added.map((line) => `+${line}`),
    ...old.slice(old.length - tail, old.length - tail + trailing).map((line) => ` ${line}`),
  ];
  return [
    `--- ${before === undefined ? "/dev/null" : path}`,
    `+++ ${after === undefined ? "/dev/null" : path}`,
    `@@ -${range(old)} +${range(fresh)} @@`,
    // A carriage return at the end of a line is for the file, not for the terminal.
    ...shown.map((line) => line.replace(/\r?\n$|\r$/, "")),
    "",
  ].join("\n");
}

function linesOf(text: string | undefined): string[] {
  return text?.match(/[^\n]*\n|[^\n]+/g) ?? [];
}
