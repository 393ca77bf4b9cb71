import { describe, expect, it, onTestFinished } from "vitest";
import { type IndexOptions, Searcher } from "../../src/native/index.js";
import { temporaryFolder } from "./temporary.js";

const FILES = 300;

/** Some 4 MB of words, of which each file has its own, and a few are everywhere. */
function tree(): string {
  const files: Record<string, string> = {};
  for (let at = 0; at < FILES; at++) {
    const lines = Array.from(
      { length: 300 },
      (_, line) =>
        `const word${(at * 7919 + line * 104_729) % 99_991} = shared(${line}); // ${at.toString(36)}x${line}`,
    );
    files[`src/part${at % 13}/file${at}.ts`] = `${lines.join("\n")}\nunique_${at}_token\n`;
  }
  return temporaryFolder(files);
}

function searcher(index: IndexOptions | false): Searcher {
  const found = new Searcher({ index });
  onTestFinished(() => found.close());
  return found;
}

describe("an index under a memory limit", () => {
  it.each([64, 256, 768])("of %d KiB keeps to it, and its answers are those of a walk", async (kibibytes) => {
    const path = tree();
    const maxBytes = kibibytes * 1024;
    const limited = searcher({ maxBytes });
    const status = await limited.ready(path);
    expect(status).toMatchObject({ state: "ready", files: FILES, unread: 0 });
    expect(status?.bytes).toBeLessThanOrEqual(maxBytes);
    const walking = searcher(false);
    for (const pattern of [
      "unique_17_token",
      "word1234\\b",
      "shared\\(299\\)",
      "nowhere_in_it",
      "(?i)UNIQUE_29\\d",
    ]) {
      const [found, expected] = await Promise.all(
        [limited, walking].map((each) => each.grep({ path, pattern, maxMatches: 10_000 })),
      );
      expect(found?.matches).toEqual(expected?.matches);
    }
  });

  it("too small for the mere list of files leaves every search to a walk", async () => {
    const path = tree();
    const limited = searcher({ maxBytes: 16 * 1024 });
    expect(await limited.ready(path)).toMatchObject({ state: "closed" });
    expect((await limited.grep({ path, pattern: "unique_17_token" })).total).toBe(1);
    expect(await limited.indexStatus(path)).toMatchObject({ state: "closed" });
  });

  it("drops the root that was not searched for longest when there are too many", async () => {
    const paths = [tree(), tree(), tree()];
    const limited = searcher({ maxRoots: 2 });
    for (const path of paths) await limited.ready(path);
    const kept = await Promise.all(paths.map((path) => limited.indexStatus(path)));
    expect(kept.map((status) => status?.state)).toEqual([undefined, "ready", "ready"]);
    for (const path of paths)
      expect((await limited.grep({ path, pattern: "unique_42_token" })).total).toBe(1);
  });
});
