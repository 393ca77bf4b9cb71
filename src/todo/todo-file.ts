import {
  isTerminalMission,
  listMissions,
  type PlanEdit,
  readMission,
  type Verdict,
} from "../mission/index.js";
import type { Clock, Log, Store } from "../ports/index.js";
import { arrange } from "./arrange.js";
import { type Conflict, renderConflicts, renderKeptFile } from "./conflict.js";
import { type FoundEdit, findEdits, linesOf } from "./edits.js";
import { decode, type Encoding, encode } from "./encoding.js";
import { type Basis, readHeader } from "./header.js";
import { parseTodo, type TodoDocument, type TodoItem } from "./parse.js";
import { placeOf, renderSection, renderTodo, type ShownMission } from "./render.js";
import { weave } from "./weave.js";

export interface TodoPorts {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  /** Applies edits to a mission; one verdict for each. Rejects with `ERR_NOT_OWNER` when it is not for us to do. */
  readonly amend: (mission: string, edits: readonly PlanEdit[]) => Promise<readonly Verdict[]>;
  /** Appends to the file of conflicts; what is in it is safe before the edit is written over. */
  readonly keep: (text: string) => Promise<void>;
  /** Tells the user, in a sentence. */
  readonly tell: (message: string) => void;
}

/** A longer file is not read for edits, so that nobody's file holds up the host. UTF-16 units. */
const MAX_LENGTH = 256 * 1024;
/** Nor is one with lists or quotations this deep: the parser's time grows with the square of it. */
const TOO_DEEP = /^(?:[ \t]{80,}\S|[ \t]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+|>[ \t]*){20})/m;
/** Edits that are remembered as reported: a file that is written over while it is read comes back with them. */
const MAX_REPORTED = 2_000;

/**
 * What todo.md says and is to say. An edit is a difference between the file and what it showed; what it showed is read
 * from the store at the revisions in the file's first line, so nothing of the file is remembered beside it.
 */
export class TodoFile {
  readonly #ports: TodoPorts;
  readonly #reported = new Set<string>();

  constructor(ports: TodoPorts) {
    this.#ports = ports;
  }

  /** Takes the edits of the file in and answers the text that it is to have. */
  async bring(found: string | undefined): Promise<string> {
    const { text, encoding } = decode(found ?? "");
    if (text.trim() === "") return encode(renderTodo(this.#shown()), encoding);
    const base = this.#base(text);
    if (typeof base === "string") return this.#renderAnew(text, encoding, base);
    if (text === renderTodo(base)) return encode(renderTodo(this.#shown()), encoding);
    const unreadable = whyUnreadable(text);
    if (unreadable) return this.#renderAnew(text, encoding, unreadable);
    const document = await parseTodo(text);
    const merged = await this.#merge(base, document);
    if (merged !== undefined) return encode(merged, encoding);
    return this.#renderAnew(text, encoding, "its lists could not be brought into line with the plan");
  }

  /** Missions that are not over, and the latest. */
  #shown(also: ReadonlySet<string> = new Set()): ShownMission[] {
    const { store } = this.#ports;
    const revision = store.snapshot();
    return listMissions(store, revision)
      .filter(
        ({ id, state }, index, all) => !isTerminalMission(state) || index === all.length - 1 || also.has(id),
      )
      .map(({ id }) => ({ ...readMission(store, id, revision), revision }));
  }

  /** What the file showed, or why that cannot be known. */
  #base(text: string): ShownMission[] | string {
    const header = readHeader(text);
    if (!header) return "its first line, which tells the revision that it shows, is not there";
    const newest = this.#ports.store.snapshot();
    const unknown = header.bases.find(({ revision }) => revision < 1 || revision > newest);
    if (unknown) return `revision ${unknown.revision} is not of this project's state`;
    try {
      return header.bases.map((basis) => this.#at(basis));
    } catch (error) {
      return `the state that it shows is not there (${error instanceof Error ? error.message : error})`;
    }
  }

  #at({ mission, revision }: Basis): ShownMission {
    return { ...readMission(this.#ports.store, mission, revision), revision };
  }

  async #merge(base: readonly ShownMission[], document: TodoDocument): Promise<string | undefined> {
    const edits = findEdits(base, document);
    const held = new Set<string>();
    for (const view of base) {
      const own = edits.filter((one) => one.mission === view.mission.id);
      if (own.length > 0 && !(await this.#amend(view, own, document))) held.add(view.mission.id);
    }
    const written = new Set(
      base.filter((view) => !isUntouched(view, document)).map(({ mission }) => mission.id),
    );
    const now = this.#shown(written);
    const shown = now.map(
      (view) => (held.has(view.mission.id) && base.find((one) => isSame(one, view))) || view,
    );
    const gone = base.filter((view) => !now.some((one) => isSame(one, view)));
    const text = weave(document, {
      missions: shown,
      gone: new Set(gone.map(({ mission }) => mission.id)),
      held,
      suggested: new Set(edits.flatMap((one) => suggestedLine(one, held))),
    });
    return order(text, shown, held);
  }

  /** False when the edits stay in the file, because another process has the mission. */
  async #amend(base: ShownMission, found: readonly FoundEdit[], document: TodoDocument): Promise<boolean> {
    const { id } = base.mission;
    const keyOf = (one: FoundEdit) => `${id}@${base.revision} ${JSON.stringify(one.edit)}`;
    const fresh = found.filter((one) => !this.#reported.has(keyOf(one)));
    let verdicts: readonly Verdict[];
    try {
      verdicts = await this.#ports.amend(
        id,
        fresh.map((one) => one.edit),
      );
    } catch (error) {
      if ((error as { code?: unknown }).code !== "ERR_NOT_OWNER") throw error;
      this.#ports.log.info("todo.held", { mission: id, edits: fresh.length });
      return false;
    }
    const now = this.#ports.store.snapshot();
    const conflicts = fresh.flatMap(({ edit, item }, index): Conflict[] => {
      const verdict = verdicts[index];
      const line = item && document.text.slice(item.start, item.textSpan.end);
      if (verdict?.kind !== "refused") return [];
      return [{ mission: id, edit, reason: verdict.reason, line, base: base.revision, now }];
    });
    await this.#report(conflicts);
    for (const one of fresh) this.#remember(keyOf(one));
    const count = (kind: Verdict["kind"]) => verdicts.filter((one) => one.kind === kind).length;
    if (fresh.length > 0)
      this.#ports.log.info("todo.edited", {
        mission: id,
        applied: count("allowed"),
        refused: count("refused"),
      });
    return true;
  }

  async #report(conflicts: readonly Conflict[]): Promise<void> {
    const [first] = conflicts;
    if (!first) return;
    await this.#ports.keep(renderConflicts(this.#ports.clock.now(), conflicts));
    for (const { mission, edit, reason, base } of conflicts)
      this.#ports.log.warn("todo.conflict", { mission, edit, reason, base });
    const more = conflicts.length > 1 ? ` (and ${conflicts.length - 1} more)` : "";
    this.#ports.tell(`An edit was not applied: ${first.reason}${more}. It is kept in todo.conflict.md.`);
  }

  #remember(key: string): void {
    this.#reported.add(key);
    for (const oldest of this.#reported) {
      if (this.#reported.size <= MAX_REPORTED) return;
      this.#reported.delete(oldest);
    }
  }

  async #renderAnew(text: string, encoding: Encoding, reason: string): Promise<string> {
    const key = `${reason}\n${text}`;
    if (!this.#reported.has(key)) {
      await this.#ports.keep(renderKeptFile(this.#ports.clock.now(), reason, text));
      this.#ports.log.warn("todo.foreign", { reason });
      this.#ports.tell(`todo.md was written anew: ${reason}. What it held is kept in todo.conflict.md.`);
      this.#remember(key);
    }
    return encode(renderTodo(this.#shown()), encoding);
  }
}

function whyUnreadable(text: string): string | undefined {
  if (text.length > MAX_LENGTH) return `it is longer than ${MAX_LENGTH} characters`;
  return TOO_DEEP.test(text) ? "its lists are nested too deeply" : undefined;
}

function isSame(left: ShownMission, right: ShownMission): boolean {
  return left.mission.id === right.mission.id;
}

/** True when a mission's part is as it was rendered, so that nobody misses it. */
function isUntouched(view: ShownMission, { headings, items, text }: TodoDocument): boolean {
  const parts = headings.filter(({ mission }) => mission === view.mission.id);
  if (parts.length === 0) return !items.some((item) => item.place?.startsWith(`${view.mission.id}/`));
  return parts.every(({ start, partEnd }) => text.slice(start, partEnd).trimEnd() === renderSection(view));
}

function suggestedLine({ mission, edit, item }: FoundEdit, held: ReadonlySet<string>): TodoItem[] {
  return edit.kind === "suggestion" && item && !held.has(mission) ? [item] : [];
}

/**
 * The text with the tasks in the order of the plan. Undefined when reading it back would find an edit: a list that is
 * built in a way that was not thought of must not come back for ever.
 */
async function order(
  woven: string,
  shown: readonly ShownMission[],
  held: ReadonlySet<string>,
): Promise<string | undefined> {
  const ours = shown.filter(({ mission }) => !held.has(mission.id));
  let document = await parseTodo(woven);
  for (const view of ours) {
    const places = view.tasks.map(placeOf);
    const text = arrange(document, linesOf([view], document), places);
    if (text !== document.text) document = await parseTodo(text);
  }
  return findEdits(ours, document).length === 0 ? document.text : undefined;
}
