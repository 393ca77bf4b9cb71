/** The order of a plan's rows, and the lines between them. */

export interface GraphNode {
  readonly id: string;
  readonly dependencies: readonly string[];
}

export interface GraphRow<N extends GraphNode> {
  readonly node: N;
  /** What is drawn before the node; all rows' have one width. */
  readonly gutter: string;
  /** Dependencies that no line could be drawn for. */
  readonly undrawn: readonly string[];
}

/** Lines beside each other; of a wider graph the rest is named, not drawn. */
const MAX_LANES = 10;

interface Lane {
  readonly from: number;
  to: number;
  readonly id: string;
}

/**
 * Each task below all that it depends on, otherwise in the order given, and one line from each task down to those that wait
 * for it: `╭` where it begins, `├` where one takes it up, `╰` where the last does.
 */
export function graphRows<N extends GraphNode>(nodes: readonly N[]): GraphRow<N>[] {
  const ordered = topological(nodes);
  const at = new Map(ordered.map((node, row) => [node.id, row]));
  const ends = new Map<string, number>();
  for (const [row, node] of ordered.entries())
    for (const dependency of node.dependencies) ends.set(dependency, row);
  const lanes: Lane[][] = [];
  const laneOf = new Map<string, number>();
  for (const [row, node] of ordered.entries()) {
    const to = ends.get(node.id);
    if (to === undefined || to <= row) continue;
    const free = lanes.findIndex((lane) => lane.every((one) => one.to < row));
    const index = free >= 0 ? free : lanes.length;
    if (index >= MAX_LANES) continue;
    lanes[index] = [...(lanes[index] ?? []), { from: row, to, id: node.id }];
    laneOf.set(node.id, index);
  }
  return ordered.map((node, row) => {
    const known = node.dependencies.filter((id) => at.has(id));
    return {
      node,
      gutter: gutter(lanes, row, new Set(known)),
      undrawn: known.filter((id) => !laneOf.has(id)),
    };
  });
}

function gutter(lanes: readonly (readonly Lane[])[], row: number, dependencies: ReadonlySet<string>): string {
  let text = "";
  let arrives = false;
  for (const lane of lanes) {
    const here = lane.find((one) => one.from <= row && row <= one.to);
    const joins = here !== undefined && (here.from === row || dependencies.has(here.id));
    text += cell(here, row, joins, arrives);
    arrives ||= joins;
    text += arrives ? "─" : " ";
  }
  return text;
}

function cell(lane: Lane | undefined, row: number, joins: boolean, crossed: boolean): string {
  if (!lane) return crossed ? "─" : " ";
  // A line that is only crossed stays whole: ┼ is a task that takes it up.
  if (!joins) return "│";
  if (lane.from === row) return crossed ? "┬" : "╭";
  if (lane.to === row) return crossed ? "┴" : "╰";
  return crossed ? "┼" : "├";
}

function topological<N extends GraphNode>(nodes: readonly N[]): N[] {
  const known = new Set(nodes.map((node) => node.id));
  const placed = new Set<string>();
  const ordered: N[] = [];
  let left = [...nodes];
  while (left.length > 0) {
    const next = left.find((node) => node.dependencies.every((id) => placed.has(id) || !known.has(id)));
    // A circle cannot be stored; should one be, its tasks still have rows.
    const node = next ?? left[0];
    if (!node) break;
    ordered.push(node);
    placed.add(node.id);
    left = left.filter((one) => one !== node);
  }
  return ordered;
}
