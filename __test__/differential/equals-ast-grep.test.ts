import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { Lang, parse } from "@ast-grep/napi";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openSubject } from "./subject.js";

/** Structural search gives what `@ast-grep/napi` gives when it parses every file: on the sources of a real package. */
const ROOT = dirname(fileURLToPath(import.meta.resolve("zod/package.json")));
const PATTERNS = [
  "$A.parse($B)",
  "export function $NAME($$$ARGS) { $$$BODY }",
  "new $CLASS($$$ARGS)",
  "$A === undefined",
  "if ($A) return $B",
  "export const $NAME = $VALUE",
  "throw new Error($MESSAGE)",
  "const $NAME = ($$$ARGS) => $BODY",
  "typeof $A === 'string'",
  "notThereAtAll($A)",
];

const subjects = [openSubject({ index: false }), openSubject({ index: true })];
const files = typescriptFiles(ROOT);

beforeAll(async () => {
  for (const subject of subjects) await subject.ready(ROOT);
});
afterAll(async () => {
  for (const subject of subjects) await subject.close();
});

function typescriptFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && /\.ts$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

/** Path and byte range of each match, as ast-grep itself finds them. */
function reference(pattern: string): string[] {
  const found = files.flatMap((file) => {
    const source = readFileSync(file, "utf8");
    // Its offsets count UTF-16 units.
    const bytes = (units: number) => Buffer.byteLength(source.slice(0, units));
    return parse(Lang.TypeScript, source)
      .root()
      .findAll(pattern)
      .map((node) => node.range())
      .map(({ start, end }) => `${relative(ROOT, file)}:${bytes(start.index)}-${bytes(end.index)}`);
  });
  return found.sort();
}

describe("structural search", () => {
  it("has enough to compare", () => expect(files.length).toBeGreaterThan(100));

  it.each(PATTERNS)("finds what ast-grep finds: %s", async (pattern) => {
    const expected = reference(pattern);
    for (const subject of subjects) {
      const found = await subject.astSearch({
        path: ROOT,
        pattern,
        language: "typescript",
        include: ["*.ts"],
        maxMatches: 1_000_000,
      });
      const places = found.matches.map(({ path, span }) => `${path}:${span.byteStart}-${span.byteEnd}`);
      expect(places.sort(), subject.name).toEqual(expected);
    }
  });
});
