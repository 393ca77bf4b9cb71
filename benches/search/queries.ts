import type { GlobQuery, StructuralQuery, TextQuery } from "./engines/engine.js";

/** Every tree contains the small one, so these find the rare in each of them. */
export const TEXT_QUERIES: readonly TextQuery[] = [
  { kind: "text", name: "rare", pattern: "HarmonyExportInitFragment", literal: true },
  { kind: "text", name: "absent", pattern: "qZxJvKwQ", literal: true },
  { kind: "text", name: "absent-common-trigrams", pattern: "functionalitype", literal: true },
  { kind: "text", name: "common-first-100", pattern: "function", literal: true, first: 100 },
  { kind: "text", name: "common-all", pattern: "Promise", literal: true },
  {
    kind: "text",
    name: "ignore-case-first-100",
    pattern: "error",
    literal: true,
    ignoreCase: true,
    first: 100,
  },
  { kind: "text", name: "three-words-first-100", pattern: "debounce|throttle|memoize", first: 100 },
  { kind: "text", name: "word", pattern: "timeout", literal: true, word: true },
  { kind: "text", name: "classes", pattern: "[a-z]+Timeout[A-Z][a-z]+" },
];

export const GLOB_QUERIES: readonly GlobQuery[] = [
  { kind: "glob", name: "all-ts", glob: "**/*.ts" },
  { kind: "glob", name: "one-folder", glob: "packages/webpack/lib/**/*.{ts,js}" },
  { kind: "glob", name: "manifests", glob: "**/package.json" },
  { kind: "glob", name: "no-file", glob: "**/*.nothing" },
];

export const STRUCTURAL_QUERIES: readonly StructuralQuery[] = [
  { kind: "structural", name: "rare-call", pattern: "process.nextTick($$$A)" },
  { kind: "structural", name: "common-call", pattern: "$A.push($B)" },
];
