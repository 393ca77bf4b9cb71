import { isDeepStrictEqual } from "node:util";
import { applyEdits, createScanner, type Edit, type Node } from "jsonc-parser";
import { configValue, parseConfig, pluginArrays } from "./config-text.js";
import { type Entry, entriesOf } from "./entries.js";

/** What an insertion put around the entry: with it, a removal takes back exactly that. */
export interface Insertion {
  readonly before: string;
  readonly after: string;
  /** A comma was put behind the value before. */
  readonly comma: boolean;
}

export interface Edited {
  readonly body: string;
  /** Absent where an entry was there already. */
  readonly insertion?: Insertion;
}

/** A text, its name in messages, and how to tell our entries. */
export interface Subject {
  readonly body: string;
  readonly path: string;
  readonly isOurs: (spec: string) => boolean;
}

/**
 * The text with exactly one entry of ours, which is `spec`. An entry that is there keeps its place and its options; of
 * several the last stays, which is the one that OpenCode takes.
 * @throws InstallError `ERR_CONFIG`
 */
export function addEntry(subject: Subject, spec: string): Edited {
  const { body, path } = subject;
  const root = parseConfig(body, path);
  const array = pluginArrays(root, body, path).at(-1);
  const present = array ? entriesOf(array).filter((entry) => subject.isOurs(entry.spec)) : [];
  const kept = present.at(-1);
  if (!kept) return inserted(subject, root, array, spec);
  let edited = body;
  if (kept.spec !== spec) edited = applyEdits(edited, [replace(kept.specNode, JSON.stringify(spec))]);
  // The last stays where it is: what is taken away is before it.
  for (const entry of present.slice(0, -1).toReversed()) if (array) edited = without(edited, array, entry);
  assertOnlyOurs(subject, edited, 1);
  return { body: edited };
}

/** The text without any entry of ours; with the insertion's record, without what came with it. */
export function removeEntries(subject: Subject, insertion?: Insertion): string {
  const { body } = subject;
  const ours = ourEntries(subject);
  const [only] = ours;
  if (!only) return body;
  if (ours.length === 1 && insertion) {
    const exact = takenBack(body, only.entry, insertion);
    if (exact !== undefined && hasOnlyChanged(subject, exact, 0)) return exact;
  }
  let edited = body;
  for (const { array, entry } of ours.toReversed()) edited = without(edited, array, entry);
  assertOnlyOurs(subject, edited, 0);
  return edited;
}

/** Our entries in every `plugin` array of the text, in order. @throws InstallError `ERR_CONFIG` */
export function ourEntries({ body, path, isOurs }: Subject): { array: Node; entry: Entry }[] {
  return pluginArrays(parseConfig(body, path), body, path).flatMap((array) =>
    entriesOf(array).flatMap((entry) => (isOurs(entry.spec) ? [{ array, entry }] : [])),
  );
}

function inserted(subject: Subject, root: Node | undefined, array: Node | undefined, spec: string): Edited {
  const { body } = subject;
  const style = styleOf(body);
  const entry = JSON.stringify(spec);
  const { edits, insertion } = array
    ? into(body, array, entry, style)
    : root
      ? into(body, root, entry, style, ['"plugin": [', "]"])
      : whole(body, entry, style);
  // A comma and the text behind it may have one place: in this order.
  const edited = edits.reduceRight(
    (text, { offset, content }) => text.slice(0, offset) + content + text.slice(offset),
    body,
  );
  assertOnlyOurs(subject, edited, 1);
  return { body: edited, insertion };
}

interface Style {
  readonly eol: string;
  readonly indent: string;
}

function styleOf(body: string): Style {
  const eol = /\r\n|\n|\r/.exec(body)?.[0] ?? "\n";
  return { eol, indent: /(?:^|[\r\n])([ \t]+)"/.exec(body)?.[1] ?? "  " };
}

interface Inserting {
  readonly edits: readonly Edit[];
  readonly insertion: Insertion;
}

const insert = (offset: number, content: string): Edit => ({ offset, length: 0, content });
const replace = ({ offset, length }: Node, content: string): Edit => ({ offset, length, content });

/** Puts an entry, with what belongs around it, behind the last value of an array or object. */
function into(
  body: string,
  container: Node,
  entry: string,
  style: Style,
  [open, close]: [string, string] = ["", ""],
): Inserting {
  const put = (at: number, before: string, after: string, comma?: number): Inserting => ({
    edits: [
      ...(comma === undefined ? [] : [insert(comma, ",")]),
      insert(at, before + open + entry + close + after),
    ],
    insertion: { before: before + open, after: close + after, comma: comma !== undefined },
  });
  const last = container.children?.at(-1);
  if (!last) {
    const at = container.offset + 1;
    if (container.type === "array") return put(at, "", "");
    const outer = lineIndent(body, container.offset);
    const ends = body[at] === "}" ? style.eol + outer : "";
    return put(at, style.eol + outer + style.indent, ends);
  }
  const end = last.offset + last.length;
  const trailing = trailingComma(body, end);
  const anchor = trailing ?? end;
  const at = anchor + sameLineComment(body, anchor);
  const own = ownLine(body, last.offset);
  const before =
    own !== undefined
      ? style.eol + own
      : at > anchor
        ? style.eol + lineIndent(body, last.offset) + style.indent
        : gap(body, container);
  return trailing === undefined ? put(at, before, "", end) : put(at, before, ",");
}

/** A text without a value gets one. */
function whole(body: string, entry: string, { eol, indent }: Style): Inserting {
  const fresh = body === "" || /[\r\n]$/.test(body) ? "" : eol;
  const before = `${fresh}{${eol}${indent}"plugin": [`;
  const after = `]${eol}}${eol}`;
  const edits = [insert(body.length, before + entry + after)];
  return { edits, insertion: { before, after, comma: false } };
}

/** The offset behind a comma that follows a value. */
function trailingComma(body: string, from: number): number | undefined {
  const scanner = createScanner(body, true);
  scanner.setPosition(from);
  scanner.scan();
  const at = scanner.getTokenOffset();
  return body[at] === "," ? at + 1 : undefined;
}

/** How long a comment is that ends the line. */
function sameLineComment(body: string, from: number): number {
  const comments = /^(?:[ \t]*\/\*(?:(?!\*\/)[^\r\n])*\*\/)*[ \t]*(?:\/\/[^\r\n]*)?(?=[\r\n])/;
  return comments.exec(body.slice(from))?.[0].length ?? 0;
}

/** The white space before a value that begins its line. */
function ownLine(body: string, offset: number): string | undefined {
  return /(?:^|[\r\n])([ \t]*)$/.exec(body.slice(0, offset))?.[1];
}

function lineIndent(body: string, offset: number): string {
  return /(?:^|[\r\n])([ \t]*)[^\r\n]*$/.exec(body.slice(0, offset))?.[1] ?? "";
}

/** The white space that the container has between values. */
function gap(body: string, { children = [] }: Node): string {
  const [previous, last] = children.slice(-2);
  if (!previous || !last) return " ";
  return /^,([ \t]*)$/.exec(body.slice(previous.offset + previous.length, last.offset))?.[1] ?? " ";
}

/** Takes an insertion back, if everything that it put around the entry is still there. */
function takenBack(body: string, { node }: Entry, { before, after, comma }: Insertion): string | undefined {
  const from = node.offset - before.length;
  const to = node.offset + node.length + after.length;
  if (from < 0 || body.slice(from, node.offset) !== before) return undefined;
  if (body.slice(node.offset + node.length, to) !== after) return undefined;
  const rest = body.slice(to);
  if (!comma) return body.slice(0, from) + rest;
  const at = lastComma(body, from);
  return at === undefined ? undefined : body.slice(0, at) + body.slice(at + 1, from) + rest;
}

/** Where the last token before `end` is, if it is a comma. */
function lastComma(body: string, end: number): number | undefined {
  const scanner = createScanner(body, true);
  let last: number | undefined;
  for (;;) {
    scanner.scan();
    const at = scanner.getTokenOffset();
    if (at >= end) return last;
    last = body[at] === "," ? at : undefined;
  }
}

/** Takes an entry out of its array, with the comma that goes with it, and its line if it has one of its own. */
function without(body: string, array: Node, { node }: Entry): string {
  const end = node.offset + node.length;
  const behind = trailingComma(body, end);
  const before = behind === undefined ? lastComma(body, node.offset) : undefined;
  const to = behind ?? end;
  const own = ownLine(body, node.offset);
  const lineEnd = /^[ \t]*(\r\n|\r|\n)/.exec(body.slice(to))?.[0];
  // A comma and its entry may have a comment between them, which stays.
  const separated = behind !== undefined && body.slice(end, behind).trim() !== ",";
  let head = body.slice(0, node.offset);
  let tail = body.slice(to);
  if (separated) tail = body.slice(end, to - 1) + tail;
  else if (own !== undefined && lineEnd !== undefined && array.offset < node.offset - own.length) {
    head = head.slice(0, head.length - own.length);
    tail = tail.slice(lineEnd.length);
  } else if (behind !== undefined) tail = tail.replace(/^[ \t]+/, "");
  if (before !== undefined) {
    const between = head.slice(before + 1);
    head = head.slice(0, before) + (between.trim() === "" && own === undefined ? "" : between);
  }
  return head + tail;
}

/** An edit that touched anything else is never written. */
function assertOnlyOurs(subject: Subject, edited: string, count: number): void {
  if (!hasOnlyChanged(subject, edited, count))
    throw new Error(`the edit of ${subject.path} would have changed more than the plugin's entry`);
}

/** Whether the edited text has so many entries of ours, and otherwise says the same. */
function hasOnlyChanged(subject: Subject, edited: string, count: number): boolean {
  try {
    if (ourEntries({ ...subject, body: edited }).length !== count) return false;
  } catch {
    return false;
  }
  const rest = (body: string) => {
    const { plugin, ...others } = configValue(body);
    const foreign = Array.isArray(plugin) ? plugin.filter((entry) => !isOurEntry(entry, subject)) : [];
    return { others, foreign };
  };
  return isDeepStrictEqual(rest(subject.body), rest(edited));
}

function isOurEntry(entry: unknown, { isOurs }: Subject): boolean {
  const spec: unknown = Array.isArray(entry) ? entry[0] : entry;
  return typeof spec === "string" && isOurs(spec);
}
