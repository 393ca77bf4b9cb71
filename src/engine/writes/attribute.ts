import { type Role, writeSetCovers } from "../../mission/index.js";
import type { TreeChange } from "../../ports/index.js";

/** Who may have changed something: an agent of a mission, the engine's own commands, or the user's own session. */
export type Writer =
  | {
      readonly kind: "agent";
      readonly mission: string;
      readonly task: string;
      readonly role: Role;
      readonly session: string;
    }
  | { readonly kind: "checks"; readonly session: string }
  | { readonly kind: "user"; readonly session: string };

export type Agent = Extract<Writer, { kind: "agent" }>;

/** Time in which a writer could change any file: a shell command, or a tool of which we know nothing. In milliseconds. */
export interface OpenCall {
  readonly writer: Writer;
  readonly fromMs: number;
  /** Undefined while it is under way. */
  readonly toMs?: number | undefined;
}

/** An editing tool named this file, relative to the project. */
export interface KnownEdit {
  readonly session: string;
  readonly path: string;
}

export type Attribution =
  /** Nobody's that we know of, or of somebody who may. */
  | { readonly kind: "fine" }
  /** One of these did it, outside of its write set; if there is one alone, it was that one. */
  | { readonly kind: "stray"; readonly suspects: readonly Agent[]; readonly sole: boolean };

/** Clocks of file systems tick: a change can be stamped a little before the call that made it began. */
const TICK_MS = 20;

/**
 * Whose a change is. In this order: that of the session whose editing tool named the file; that of a task whose write
 * set has it and that could have made it; that of the calls that were open when it was made.
 *
 * @param touchedMs when the file and then its folders were last touched.
 * @param writes the write set that an agent has at this moment; none for those who only read.
 */
export function attribute(
  change: TreeChange,
  touchedMs: readonly number[],
  circumstances: { readonly calls: readonly OpenCall[]; readonly edits: readonly KnownEdit[] },
  writes: (writer: Agent) => readonly string[],
): Attribution {
  if (circumstances.edits.some((edit) => edit.path === change.path)) return { kind: "fine" };
  const makers = distinct(openAt(circumstances.calls, touchedMs));
  if (makers.length === 0) return { kind: "fine" };
  const agents = makers.filter((maker) => maker.kind === "agent");
  if (!isReserved(change.path) && agents.some((maker) => writeSetCovers(writes(maker), change.path)))
    return { kind: "fine" };
  if (agents.length === 0) return { kind: "fine" };
  return { kind: "stray", suspects: agents, sole: makers.length === 1 };
}

/** The calls that were open at the first of these times that is in any; all of them where no time is known. */
function openAt(calls: readonly OpenCall[], times: readonly number[]): readonly OpenCall[] {
  if (times.length === 0) return calls;
  for (const time of times) {
    const open = calls.filter(
      ({ fromMs, toMs = Number.POSITIVE_INFINITY }) => fromMs - TICK_MS <= time && time <= toMs + TICK_MS,
    );
    if (open.length > 0) return open;
  }
  return [];
}

function distinct(calls: readonly OpenCall[]): Writer[] {
  return [...new Map(calls.map(({ writer }) => [writer.session, writer])).values()];
}

/** Code points that some file systems leave out of names. */
const IGNORED_CHARACTERS = /[\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]/g;

/**
 * Git's own files run code, and OpenCode's folder holds plugins and our state: no glob makes them writable, however
 * they are spelled on file systems that know no case, drop characters, or have short names.
 */
export function isReserved(path: string): boolean {
  const parts = path
    .replace(IGNORED_CHARACTERS, "")
    .toLowerCase()
    .split(/[/\\]/)
    .map((part) => part.replace(/:.*$/, "").replace(/[. ]+$/, ""));
  const names = parts.filter((part) => part !== "");
  return (
    names.some((part) => part === ".git" || part === "git~1") ||
    /^(\.opencode|openco~\d+)$/.test(names[0] ?? "")
  );
}
