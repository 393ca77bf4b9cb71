import type { TodoDocument, TodoItem } from "./parse.js";

/**
 * Puts the tasks of one mission into an order. Each takes the lines that are its own with it, not those of tasks nested
 * in it; the nesting stays, and so does every line that belongs to no task.
 * @param places `M1/T1` and so on, in the order that is wanted: each the place of one line in the document.
 */
export function arrange(
  document: TodoDocument,
  lineOf: ReadonlyMap<string, TodoItem>,
  places: readonly string[],
): string {
  const items = places.flatMap((place) => lineOf.get(place) ?? []);
  const inText = [...items].sort((a, b) => a.start - b.start);
  if (inText.every((item, index) => item === items[index])) return document.text;
  const lines = document.text.split("\n");
  const owners = ownersOf(lines, inText);
  const own = new Map(inText.map((item) => [item, lines.filter((_, line) => owners[line] === item)]));
  const written = new Set<TodoItem>();
  return lines
    .flatMap((line, number) => {
      const slot = owners[number];
      if (!slot) return [line];
      if (written.has(slot)) return [];
      written.add(slot);
      const item = items[inText.indexOf(slot)];
      if (!item) return [];
      const [from, to] = [indentOf(item, document.text), indentOf(slot, document.text)];
      return (own.get(item) ?? []).map((one) => shift(one, from, to));
    })
    .join("\n");
}

/** For each line the innermost of the items that it belongs to. */
function ownersOf(lines: readonly string[], items: readonly TodoItem[]): (TodoItem | undefined)[] {
  const owners: (TodoItem | undefined)[] = [];
  let start = 0;
  for (const line of lines) {
    const end = start + line.length;
    // Later items start later: the last that covers the line is the innermost.
    owners.push(items.findLast((item) => item.start <= end && item.end > start));
    start = end + 1;
  }
  return owners;
}

function indentOf(item: TodoItem, text: string): number {
  return item.start - (text.lastIndexOf("\n", item.start - 1) + 1);
}

/** Moves a line to the left as far as it is indented, or to the right. */
function shift(line: string, from: number, to: number): string {
  if (line.trim() === "") return line;
  if (to >= from) return " ".repeat(to - from) + line;
  const indent = line.length - line.trimStart().length;
  return line.slice(Math.min(indent, from - to));
}
