import type { FinishedCall } from "./conversation.js";

/** Why a call's text is no longer needed. */
export interface Superseded {
  /** The step from which on that is so. */
  readonly step: number;
  readonly reason: string;
  /** How to get it back. */
  readonly again: string;
}

/** Tools that change nothing, or whose repetition tells more than the first run: the same call again takes its place. */
const REPEATABLE: ReadonlySet<string> = new Set([
  "read",
  "bash",
  "grep",
  "glob",
  "list",
  "ast_search",
  "outline",
  "lsp",
  "webfetch",
]);

/**
 * For each call whose text something later has made needless, since when and why: a file read again as a whole or in
 * the same part, or written as a whole; the same command or search again; an error of a tool that has since worked on the same
 * thing. Later calls that failed supersede nothing.
 */
export function findSuperseded(calls: readonly FinishedCall[]): Map<FinishedCall, Superseded> {
  const found = new Map<FinishedCall, Superseded>();
  const latest = new Latest();
  // From the end, so that each call meets what came after it.
  for (const call of calls.toReversed()) {
    const superseded = call.failed ? solved(call, latest) : replaced(call, latest);
    if (superseded) found.set(call, superseded);
    if (!call.failed) latest.add(call);
  }
  return found;
}

/** The first later success of each kind, seen from where the walk stands. */
class Latest {
  readonly #same = new Map<string, number>();
  readonly #whole = new Map<string, number>();
  readonly #target = new Map<string, number>();

  add(call: FinishedCall): void {
    this.#same.set(identity(call), call.step);
    this.#target.set(targetOf(call), call.step);
    const path = pathOf(call);
    if (path !== undefined && (call.tool === "write" || isWholeRead(call))) this.#whole.set(path, call.step);
  }

  same(call: FinishedCall): number | undefined {
    return this.#same.get(identity(call));
  }

  /** When the whole content of the file stood in the conversation again. */
  whole(path: string): number | undefined {
    return this.#whole.get(path);
  }

  target(call: FinishedCall): number | undefined {
    return this.#target.get(targetOf(call));
  }
}

function replaced(call: FinishedCall, latest: Latest): Superseded | undefined {
  if (!REPEATABLE.has(call.tool)) return undefined;
  const path = call.tool === "read" ? pathOf(call) : undefined;
  const same = latest.same(call);
  const whole = path === undefined ? undefined : latest.whole(path);
  const step = earliest(same, whole);
  if (step === undefined) return undefined;
  if (call.tool === "read")
    return { step, reason: "this file stands here again further down", again: `read ${path}` };
  const reason = call.tool === "bash" ? "this command was run again" : "this search was made again";
  return { step, reason: `${reason} further down`, again: "make the call again" };
}

function solved(call: FinishedCall, latest: Latest): Superseded | undefined {
  const step = latest.target(call);
  if (step === undefined) return undefined;
  return { step, reason: `an error of ${call.tool} that is solved`, again: "not needed" };
}

function earliest(...steps: (number | undefined)[]): number | undefined {
  const known = steps.filter((step) => step !== undefined);
  return known.length > 0 ? Math.min(...known) : undefined;
}

/** The same tool with the same arguments, whatever the order of their names. */
function identity({ tool, input }: FinishedCall): string {
  const entries = Object.entries(input).filter(
    ([name]) => tool !== "bash" || name === "command" || name === "workdir",
  );
  return JSON.stringify([tool, entries.sort(([left], [right]) => (left < right ? -1 : 1))]);
}

/** What the call was about: the file, or all of its arguments. */
function targetOf(call: FinishedCall): string {
  const path = pathOf(call);
  return path === undefined ? identity(call) : JSON.stringify([call.tool, path]);
}

function pathOf({ input }: FinishedCall): string | undefined {
  const path = input["filePath"];
  return typeof path === "string" ? path : undefined;
}

function isWholeRead({ tool, input }: FinishedCall): boolean {
  return tool === "read" && !input["offset"] && !input["limit"];
}
