import { type Node, type ParseError, parse, parseTree, printParseErrorCode } from "jsonc-parser";
import { InstallError } from "./errors.js";

/** As OpenCode reads its configuration. */
const JSONC = { allowTrailingComma: true, allowEmptyContent: true };

const BOM = "\uFEFF";

/** The text of a configuration file, and what stands before it. */
export interface ConfigText {
  /** A byte order mark, or nothing. */
  readonly mark: string;
  readonly body: string;
}

/** @throws InstallError `ERR_CONFIG` for bytes that are no UTF-8: they could not be written back as they are. */
export function decodeConfig(bytes: Uint8Array, path: string): ConfigText {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    throw new InstallError("ERR_CONFIG", path, `${path} is not UTF-8 text: save it as UTF-8`, {
      cause: error,
    });
  }
  return text.startsWith(BOM) ? { mark: BOM, body: text.slice(1) } : { mark: "", body: text };
}

export function encodeConfig({ mark, body }: ConfigText): Buffer {
  return Buffer.from(mark + body);
}

/**
 * The syntax tree; `undefined` for a file without a value.
 * @throws InstallError `ERR_CONFIG` with the place of the first error.
 */
export function parseConfig(body: string, path: string): Node | undefined {
  const errors: ParseError[] = [];
  const root = parseTree(body, errors, JSONC);
  const [first] = errors;
  if (first) {
    // "CommaExpected" → "comma expected"
    const what = printParseErrorCode(first.error)
      .replace(/(?<=[a-z])(?=[A-Z])/g, " ")
      .toLowerCase();
    throw configError(path, body, first.offset, `is not valid JSONC: ${what}`);
  }
  if (root && root.type !== "object")
    throw configError(path, body, root.offset, `must hold an object, not ${article(root.type)}`);
  return root;
}

/** What OpenCode makes of the text. */
export function configValue(body: string): Record<string, unknown> {
  return (parse(body, [], JSONC) ?? {}) as Record<string, unknown>;
}

/** The properties of that name; of several, the last is the one that counts. */
export function properties(root: Node | undefined, name: string): Node[] {
  return (root?.children ?? []).flatMap((property) => {
    const [key, value] = property.children ?? [];
    return key?.value === name && value ? [value] : [];
  });
}

/** The arrays of plugins. @throws InstallError `ERR_CONFIG` when one is no array. */
export function pluginArrays(root: Node | undefined, body: string, path: string): Node[] {
  const values = properties(root, "plugin");
  for (const value of values)
    if (value.type !== "array")
      throw configError(path, body, value.offset, `"plugin" must be an array, not ${article(value.type)}`);
  return values;
}

function configError(path: string, body: string, offset: number, what: string): InstallError {
  const { line, column } = placeOf(body, offset);
  return new InstallError(
    "ERR_CONFIG",
    path,
    `${path}:${line}:${column}: ${what}. Correct it there and run this again; nothing was changed.`,
  );
}

/** One-based, in UTF-16 units, as editors count. */
export function placeOf(body: string, offset: number): { line: number; column: number } {
  const lines = body.slice(0, offset).split(/\r\n|\r|\n/);
  return { line: lines.length, column: (lines.at(-1)?.length ?? 0) + 1 };
}

function article(type: string): string {
  return type === "null" ? "null" : `${/^[aeo]/.test(type) ? "an" : "a"} ${type}`;
}
