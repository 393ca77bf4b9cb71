/** memory.md as text: notes are the items of top-level lists, everything else belongs to whoever wrote it. */

export interface NoteBlock {
  readonly kind: "note";
  /** Undefined for a line that somebody has added. */
  readonly id: string | undefined;
  readonly text: string;
  readonly raw: string;
}

export type Block = NoteBlock | { readonly kind: "prose"; readonly raw: string };

export interface NotesDocument {
  /** The revision that the file shows; undefined when its first line does not tell. */
  readonly revision: number | undefined;
  readonly blocks: readonly Block[];
}

const HEADER = /^<!-- notes@(\d+)/;
const BULLET = /^[-*+] +(?=\S)/;
const ID = / ?<!-- (N\d+) -->/;
const FENCE = /^ {0,3}(?:```|~~~)/;

/** The first line of the file, by which an edit is told from what was only old. */
export function renderHeader(revision: number): string {
  return `<!-- notes@${revision}: edit, add and delete list items; the text around them is yours -->`;
}

export const INTRODUCTION = "# What is known about this project";

export function renderNote({ id, text }: { readonly id: string; readonly text: string }): string {
  const [first = "", ...rest] = text.split("\n");
  return [`- ${first} <!-- ${id} -->`, ...rest.map((line) => (line === "" ? "" : `  ${line}`))].join("\n");
}

export function parseNotes(file: string): NotesDocument {
  const lines = file.replaceAll("\r\n", "\n").split("\n");
  const header = HEADER.exec(lines[0] ?? "");
  if (header) lines.shift();
  const blocks: Block[] = [];
  let isCode = false;
  for (let at = 0; at < lines.length; ) {
    const line = lines[at] ?? "";
    if (FENCE.test(line)) isCode = !isCode;
    const end = !isCode && BULLET.test(line) ? noteEnd(lines, at) : at + 1;
    const raw = lines.slice(at, end);
    blocks.push(!isCode && BULLET.test(line) ? note(raw) : { kind: "prose", raw: line });
    at = end;
  }
  return { revision: header ? Number(header[1]) : undefined, blocks };
}

/** Behind the indented lines that belong to the item, with the empty ones between them. */
function noteEnd(lines: readonly string[], start: number): number {
  let end = start + 1;
  for (let at = end; at < lines.length; at++) {
    const line = lines[at] ?? "";
    if (line.startsWith("  ") && line.trim() !== "") end = at + 1;
    else if (line.trim() !== "") break;
  }
  return end;
}

function note(raw: readonly string[]): NoteBlock {
  const [first = "", ...rest] = raw;
  const id = ID.exec(first)?.[1];
  const text = [first.replace(BULLET, "").replace(ID, ""), ...rest.map((line) => line.replace(/^ {2}/, ""))];
  return { kind: "note", id, text: text.join("\n").trim(), raw: raw.join("\n") };
}
