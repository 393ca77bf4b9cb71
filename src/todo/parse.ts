import type { Heading, ListItem, Nodes } from "mdast";
import { oneLine } from "../mission/index.js";
import { NO_PLAN } from "./render.js";

/** Offsets in the text: UTF-16 units from its start, the end exclusive. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** A line of a task list, wherever it stands but in a quotation. */
export interface TodoItem extends Span {
  /** `M1/T1.1`, from its hidden comment. */
  readonly place: string | undefined;
  /** Where that comment stands: within the text, or on a line of its own behind it. */
  readonly comment: Span | undefined;
  /** The mission whose part of the file it is in. */
  readonly mission: string | undefined;
  /** The place of the nearest item around it that has one. */
  readonly below: string | undefined;
  /** It was taken as a suggestion before. */
  readonly isSuggested: boolean;
  readonly mark: string;
  readonly markAt: number;
  /** What stands behind the box, the comment included. */
  readonly textSpan: Span;
  /** The same on one line and without the comment. */
  readonly text: string;
}

/** The heading of a mission's part of the file. */
export interface TodoHeading extends Span {
  readonly mission: string;
  /** The end of the part: the next heading of this rank or a higher one, or the end of the text. */
  readonly partEnd: number;
}

export interface TodoDocument {
  readonly text: string;
  readonly headings: readonly TodoHeading[];
  /** In the order of the text; an item comes before those nested in it. */
  readonly items: readonly TodoItem[];
  /** Lines that say that there is no plan yet. */
  readonly noPlans: readonly (Span & { readonly mission: string | undefined })[];
}

/** A box with one character in it, and white space or the end behind it. */
const BOX = /^\[([^\n\r])\](?=\s|$)/u;
const COMMENT = /<!--[ \t]*(M\d+)\/([A-Za-z0-9][A-Za-z0-9._-]{0,31})[ \t]*-->/g;
const SUGGESTED = /<!-- M\d+ suggested -->/;
const MISSION = /<!-- (M\d+) -->/;

/** Only blocks matter here: what stands in a paragraph is read as it is. */
const NO_INLINES = {
  disable: {
    null: [
      "attention",
      "autolink",
      "characterEscape",
      "characterReference",
      "codeText",
      "hardBreakEscape",
      "htmlText",
      "labelEnd",
      "labelStartImage",
      "labelStartLink",
    ],
  },
};

/** Finds the task lists of a CommonMark text without a byte order mark. The parser is loaded by the first call. */
export async function parseTodo(text: string): Promise<TodoDocument> {
  const { fromMarkdown } = await import("mdast-util-from-markdown");
  const reader = new Reader(text);
  const root = fromMarkdown(text, { extensions: [NO_INLINES] });
  for (const node of root.children)
    if (node.type === "heading") reader.heading(node);
    else reader.block(node, undefined);
  return reader.document();
}

interface Comment {
  readonly place: string;
  readonly mission: string;
  readonly span: Span;
}

class Reader {
  readonly #text: string;
  readonly #headings: { mission: string; start: number; end: number; partEnd: number; depth: number }[] = [];
  readonly #items: TodoItem[] = [];
  readonly #noPlans: (Span & { mission: string | undefined })[] = [];
  /** The part that the reader is in: headings of this depth or a lower one end it. */
  #part: { mission: string; depth: number } | undefined;

  constructor(text: string) {
    this.#text = text;
  }

  /** A heading inside a list item divides nothing and does not come here. */
  heading(node: Heading): void {
    const span = spanOf(node);
    const { depth } = node;
    for (const part of this.#headings)
      if (part.partEnd === this.#text.length && depth <= part.depth) part.partEnd = span.start;
    const mission = MISSION.exec(this.#slice(span))?.[1];
    if (mission) {
      this.#headings.push({ ...span, mission, partEnd: this.#text.length, depth });
      this.#part = { mission, depth };
    } else if (this.#part && depth <= this.#part.depth) this.#part = undefined;
  }

  block(node: Nodes, below: string | undefined): void {
    if (node.type === "list") for (const child of node.children) this.#item(child, below);
    if (node.type !== "paragraph") return;
    const span = spanOf(node);
    if (this.#slice(span).trim() === NO_PLAN) this.#noPlans.push({ ...span, mission: this.#part?.mission });
  }

  document(): TodoDocument {
    return {
      text: this.#text,
      headings: this.#headings,
      items: this.#items.sort((a, b) => a.start - b.start || b.end - a.end),
      noPlans: this.#noPlans,
    };
  }

  #item(item: ListItem, below: string | undefined): void {
    const [first, ...rest] = item.children;
    const found = first?.type === "paragraph" ? this.#task(item, spanOf(first), below) : undefined;
    if (found) this.#items.push(found);
    for (const child of found ? rest : item.children) this.block(child, found?.place ?? below);
  }

  #task(item: ListItem, paragraph: Span, below: string | undefined): TodoItem | undefined {
    const source = this.#slice(paragraph);
    const box = BOX.exec(source);
    if (!box) return undefined;
    const textSpan = { start: paragraph.start + box[0].length, end: paragraph.end };
    const comments = this.#comments(textSpan);
    // Lines that CommonMark takes for one paragraph, such as a nested `2.` right below a text, are nobody's.
    if (comments.length > 1) return undefined;
    const isSuggested = SUGGESTED.test(source);
    const comment = isSuggested ? undefined : (comments[0] ?? this.#ownLine(item));
    if (comment) this.#part ??= { mission: comment.mission, depth: MAX_DEPTH };
    return {
      ...spanOf(item),
      place: comment?.place,
      comment: comment?.span,
      mission: this.#part?.mission,
      below,
      isSuggested,
      mark: box[1] ?? " ",
      markAt: paragraph.start + 1,
      textSpan,
      text: oneLine(without(this.#slice(textSpan), textSpan.start, comment?.span)),
    };
  }

  #comments(within: Span): Comment[] {
    return [...this.#slice(within).matchAll(COMMENT)].map((found) => {
      const [all, mission = "", task] = found;
      const start = within.start + found.index;
      return { place: `${mission}/${task}`, mission, span: { start, end: start + all.length } };
    });
  }

  /** The comment on a line of its own, where an editor's line wrapping may have put it. */
  #ownLine(item: ListItem): Comment | undefined {
    const own = item.children
      .filter((child) => child.type === "html")
      .flatMap((child) => this.#comments(spanOf(child)));
    return own.length === 1 ? own[0] : undefined;
  }

  #slice({ start, end }: Span): string {
    return this.#text.slice(start, end);
  }
}

/** Any heading ends a part that no heading began. */
const MAX_DEPTH = 6;

function spanOf({ position }: Nodes): Span {
  return { start: position?.start.offset ?? 0, end: position?.end.offset ?? 0 };
}

function without(source: string, offset: number, cut: Span | undefined): string {
  if (!cut || cut.start < offset || cut.end > offset + source.length) return source;
  return source.slice(0, cut.start - offset) + source.slice(cut.end - offset);
}
