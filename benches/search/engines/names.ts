export const ENGINE_NAMES = [
  "rg-json",
  "rg-json-to-end",
  "rg-count",
  "fff",
  "fast-glob",
  "tinyglobby",
  "ast-grep",
  "ours-unindexed",
  "ours",
] as const;
export type EngineName = (typeof ENGINE_NAMES)[number];

/** What the report says of each. */
export const ENGINE_TITLES: Record<EngineName, string> = {
  "rg-json": "ripgrep started from Node, its output parsed, killed at the limit",
  "rg-json-to-end": "the same, read to its end",
  "rg-count": "ripgrep started from Node, `--count` to /dev/null",
  fff: "@ff-labs/fff-node, its index warm",
  "fast-glob": "fast-glob",
  tinyglobby: "tinyglobby",
  "ast-grep": "@ast-grep/napi, `findInFiles`",
  "ours-unindexed": "ours without an index",
  ours: "ours, its index warm",
};
