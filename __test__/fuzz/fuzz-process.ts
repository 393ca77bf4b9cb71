import { writeSync } from "node:fs";
import fc from "fast-check";
import { NativeError, Searcher } from "../../src/native/index.js";
import { type FuzzInput, fuzzInput } from "./inputs.js";

/**
 * `fuzz-process ROOT SEED COUNT`: makes COUNT calls and prints each input before its call, as a line of JSON. What it
 * must not do is die, hang, or throw anything but a NativeError of a known code.
 */
const CODES = new Set(["ERR_PATTERN", "ERR_LANGUAGE", "ERR_ARGUMENT", "ERR_NOT_FOUND", "ERR_IO"]);

const [root = ".", seed = "1", count = "1"] = process.argv.slice(2);
const searchers = [new Searcher({ index: {} }), new Searcher({ index: false })];
await searchers[0]?.ready(root);

function call(searcher: Searcher, input: FuzzInput): Promise<unknown> {
  switch (input.call) {
    case "grep": {
      const has = (bit: number) => (input.flags & bit) !== 0;
      return searcher.grep({
        path: root,
        pattern: input.pattern,
        include: input.include,
        case: has(1) ? "insensitive" : has(2) ? "smart" : "sensitive",
        word: has(4),
        literal: has(8),
        multiline: has(16),
        hidden: has(32),
      });
    }
    case "glob":
      return searcher.glob({ path: root, patterns: input.patterns });
    case "ast":
      return searcher.astSearch({
        path: root,
        pattern: input.pattern,
        ...(input.language !== undefined && { language: input.language }),
      });
    case "rule":
      return searcher.astSearch({ path: root, rule: input.rule, language: input.language });
    case "rewrite":
      return searcher.astRewrite({
        path: root,
        pattern: input.pattern,
        replacement: input.replacement,
        language: input.language,
      });
  }
}

for (const input of fc.sample(fuzzInput, { seed: Number(seed), numRuns: Number(count) })) {
  writeSync(1, `${JSON.stringify(input)}\n`);
  for (const searcher of searchers) {
    try {
      await call(searcher, input);
    } catch (error) {
      if (!(error instanceof NativeError) || !CODES.has(error.code)) throw error;
    }
  }
}
writeSync(1, "done\n");
process.exit(0);
