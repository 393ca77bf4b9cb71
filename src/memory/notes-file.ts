import type { Log } from "../ports/index.js";
import { type Transaction, type TransactPorts, transact } from "../state/index.js";
import { itemSchema, key, type MemoryItem } from "./item.js";
import { addItem, type MaskSecrets } from "./memory.js";
import { INTRODUCTION, type NoteBlock, parseNotes, renderHeader, renderNote } from "./notes-text.js";

interface NotesPorts extends TransactPorts {
  readonly log: Log;
  readonly mask: MaskSecrets;
  /** Tells the user what was not taken. */
  readonly tell: (message: string) => void;
}

const MAX_NOTE = 4_000;

/** What became of the file's notes: the item that each block shows now, `undefined` when it is gone. */
type Shown = Map<NoteBlock, MemoryItem | undefined>;

/**
 * The project's notes as a Markdown file that people may edit. An edit is the difference between the file and the
 * revision in its first line: a person's word counts for more than an agent's, except that a line which is missing takes
 * nothing away that has changed since. The text around the notes is left as it is.
 */
export class NotesFile {
  readonly #ports: NotesPorts;
  readonly #told = new Set<string>();

  constructor(ports: NotesPorts) {
    this.#ports = ports;
  }

  /** Takes the edits of the file in and answers the text that it is to have. */
  async bring(found: string | undefined): Promise<string> {
    const document = parseNotes(found ?? "");
    const base = this.#base(document.revision);
    const shown = await transact(this.#ports, { actor: "user" }, (transaction) =>
      this.#take(transaction, document.blocks.filter(isNote), base),
    );
    const isEmpty = document.blocks.every((block) => block.raw.trim() === "");
    const blocks = isEmpty ? [{ kind: "prose", raw: INTRODUCTION } as const, prose("")] : document.blocks;
    const visible = new Set([...shown.values()].map((item) => item?.id));
    const missing = this.#items().filter(({ id }) => !visible.has(id));
    const lines: string[] = blocks.flatMap((block) => {
      if (!isNote(block)) return [block.raw];
      if (!shown.has(block)) return [block.raw];
      const item = shown.get(block);
      return item ? [renderNote(item)] : [];
    });
    const text = [renderHeader(this.#ports.store.snapshot()), ...insert(lines, missing.map(renderNote))].join(
      "\n",
    );
    const ended = text.endsWith("\n") ? text : `${text}\n`;
    return found?.includes("\r\n") ? ended.replaceAll("\n", "\r\n") : ended;
  }

  #take(
    transaction: Transaction,
    blocks: readonly NoteBlock[],
    base: ReadonlyMap<string, string> | undefined,
  ): Shown {
    const shown: Shown = new Map();
    const seen = new Set<string>();
    for (const block of blocks) {
      const now = block.id && !seen.has(block.id) ? read(transaction, block.id) : undefined;
      if (block.id && now) seen.add(block.id);
      const isAsShown = block.id !== undefined && base?.get(block.id) === block.text;
      if (isAsShown) shown.set(block, now);
      else if (this.#refuses(block)) continue;
      else if (now) shown.set(block, change(transaction, now, block.text));
      else shown.set(block, this.#add(transaction, block.text));
    }
    for (const [id, text] of base ?? []) {
      if (seen.has(id) || read(transaction, id)?.text !== text) continue;
      transaction.delete(key.item(id));
    }
    return shown;
  }

  #add(transaction: Transaction, text: string): MemoryItem {
    const createdMs = this.#ports.clock.now();
    return addItem(transaction, { tier: "project", scope: "", text, author: "user", createdMs });
  }

  /** A line that is not stored stays in the file, and nothing else happens to it. */
  #refuses({ text }: NoteBlock): boolean {
    const { mask } = this.#ports;
    const reason =
      mask(text) !== text
        ? "looks like a secret"
        : text.length > MAX_NOTE
          ? `is longer than ${MAX_NOTE} characters`
          : undefined;
    if (reason && !this.#told.has(text)) {
      this.#told.add(text);
      this.#ports.log.warn("memory.refused", { reason });
      this.#ports.tell(`A line of memory.md ${reason}: it stays in the file and goes to no agent.`);
    }
    return reason !== undefined;
  }

  /** What the file showed; undefined when that cannot be known: then a line that is missing means nothing. */
  #base(revision: number | undefined): ReadonlyMap<string, string> | undefined {
    if (revision === undefined || revision > this.#ports.store.snapshot()) return undefined;
    try {
      return new Map(this.#items(revision).map(({ id, text }) => [id, text]));
    } catch (error) {
      this.#ports.log.info("memory.base", { revision, error: String(error) });
      return undefined;
    }
  }

  #items(at?: number): MemoryItem[] {
    return this.#ports.store
      .list(key.items, at)
      .map(({ value }) => itemSchema.parse(value))
      .filter(({ tier }) => tier === "project")
      .sort((a, b) => a.createdMs - b.createdMs || (a.id < b.id ? -1 : 1));
  }
}

function read(transaction: Transaction, id: string): MemoryItem | undefined {
  const stored = transaction.get(key.item(id));
  const item = stored === undefined ? undefined : itemSchema.parse(stored);
  // An id of another tier's item: not one that this file has shown.
  return item?.tier === "project" ? item : undefined;
}

function change(transaction: Transaction, item: MemoryItem, text: string): MemoryItem {
  if (item.text === text) return item;
  // Somebody's own words stay where they were written, however seldom they are used.
  const { origin: _, ...rest } = item;
  const changed: MemoryItem = { ...rest, text, author: "user" };
  transaction.put(key.item(item.id), changed);
  return changed;
}

function isNote(block: { readonly kind: string }): block is NoteBlock {
  return block.kind === "note";
}

function prose(raw: string) {
  return { kind: "prose", raw } as const;
}

/** Behind the last note, or at the end. */
function insert(lines: readonly string[], added: readonly string[]): string[] {
  const last = lines.findLastIndex((line) => /<!-- N\d+ -->/.test(line));
  const end = lines.findLastIndex((line) => line.trim() !== "");
  const at = last >= 0 ? last + 1 : end + 1;
  const gap = last < 0 && added.length > 0 && end >= 0 ? [""] : [];
  return [...lines.slice(0, at), ...gap, ...added, ...lines.slice(at)];
}
