import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { listDifferences } from "./list-differences.js";
import { seedOf, WRITE_SEARCH_PAIRS } from "./size.js";
import { openSubject } from "./subject.js";
import { OwnFiles, WAYS } from "./write/ways.js";

/** A search that starts after a write has returned sees that write, and nothing that it took away. */
const pairs = WRITE_SEARCH_PAIRS ?? 500;
/** Writers at a time, each in files of its own; so searches run while others write. */
const WRITERS = ["north", "east", "south", "west"];

const subject = openSubject({ index: true });
let base: string;
let root: string;

beforeAll(async () => {
  base = mkdtempSync(join(tmpdir(), "write-then-search-"));
  root = join(base, "root");
  for (let at = 0; at < 300; at++) {
    mkdirSync(join(root, `part${at % 10}`), { recursive: true });
    writeFileSync(join(root, `part${at % 10}`, `file${at}.txt`), `nothing of interest in ${at}\n`.repeat(20));
  }
  await subject.ready(root);
});
afterAll(async () => {
  await subject.close();
  rmSync(base, { recursive: true, force: true });
});

const step = fc.record({
  way: fc.constantFrom(...Object.keys(WAYS)),
  path: fc
    .tuple(fc.constantFrom("a", "a/b", "c"), fc.constantFrom("1.txt", "2.txt", "3.md"))
    .map((both) => both.join("/")),
});

it(`sees each of ${pairs} writes that returned before the search began`, async () => {
  const stale: string[] = [];
  const steps = fc.sample(step, { seed: seedOf(WRITE_SEARCH_PAIRS === undefined), numRuns: pairs });
  await Promise.all(
    WRITERS.map(async (writer, first) => {
      const files = new OwnFiles(join(root, writer), join(base, `aside-${writer}`));
      for (let at = first; at < pairs; at += WRITERS.length) {
        const { way = "write", path = "a/1.txt" } = steps[at] ?? {};
        WAYS[way]?.(files, path, `${writer}_${String(at).padStart(6, "0")};\n`);
        const differences = listDifferences(tokens(writer, files), await search(writer));
        if (differences.length > 0) stale.push(`${at}, ${writer}, ${way} ${path}: ${differences.join("; ")}`);
      }
    }),
  );
  expect(stale.slice(0, 20)).toEqual([]);
}, 3_600_000);

/** All tokens of one writer that a search of everything finds now. */
async function search(writer: string): Promise<string[]> {
  const { matches } = await subject.grep({ path: root, pattern: `${writer}_\\d+;`, maxMatches: 100_000 });
  return matches.map(({ path, text }) => `${path}:${text}`).sort();
}

/** The tokens that stand in the writer's files. */
function tokens(writer: string, files: OwnFiles): string[] {
  return [...files.content]
    .flatMap(([path, content]) =>
      content
        .split("\n")
        .slice(0, -1)
        .map((line) => `${writer}/${path}:${line}`),
    )
    .sort();
}
