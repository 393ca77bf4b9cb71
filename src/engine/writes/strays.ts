import type { Stray } from "../../mission/index.js";
import type { TreeChange } from "../../ports/index.js";
import type { Agent, Attribution } from "./attribute.js";

/** As many of one task as a store and a model can bear; a command that changes more has gone wrong as a whole. */
const MAX_STRAYS = 500;

/** The record of a change that a task's agent made outside of its write set, or may have. */
export function strayOf(
  { path, kind }: TreeChange,
  states: { readonly from: string; readonly to: string },
  whose: Extract<Attribution, { kind: "stray" }>,
  writer: Agent,
): Stray {
  return {
    path,
    kind,
    ...states,
    suspects: [...new Set(whose.suspects.map((one) => one.task))],
    sole: whose.sole,
    role: writer.role === "reviewer" ? "reviewer" : "worker",
  };
}

/** The records with newer ones added; of one file, what it was before all of them is what counts. */
export function addStrays(known: readonly Stray[], added: readonly Stray[]): Stray[] {
  const byPath = new Map(known.map((stray) => [stray.path, stray]));
  for (const stray of added) {
    const before = byPath.get(stray.path);
    byPath.set(stray.path, before ? merged(before, stray) : stray);
  }
  return [...byPath.values()].slice(-MAX_STRAYS);
}

function merged(before: Stray, after: Stray): Stray {
  return {
    ...after,
    from: before.from,
    kind: before.kind === "added" ? "added" : after.kind,
    suspects: [...new Set([...before.suspects, ...after.suspects])],
    sole: before.sole || after.sole,
    role: before.sole ? before.role : after.role,
  };
}
