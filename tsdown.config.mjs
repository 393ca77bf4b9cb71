import { defineConfig } from "tsdown";

const common = {
  format: "esm",
  platform: "node",
  target: "node20.19",
  // Instructions are Markdown files that become text in the bundle.
  loader: { ".md": "text" },
  // One file loads sooner than zod's many: the host waits for a plugin's import. The parser of todo.md and what it needs
  // are a file of their own, which only an edit of todo.md loads.
  deps: { alwaysBundle: ["zod", "vscode-jsonrpc", "mdast-util-from-markdown", "jsonc-parser"] },
  // Its `main` is a UMD bundle that cannot be bundled again; this is the same as modules.
  alias: { "jsonc-parser": "jsonc-parser/lib/esm/main.js" },
  outExtensions: () => ({ js: ".js", dts: ".d.ts" }),
  clean: true,
};

/** The parser of todo.md and what comes with it; the packages `micromark-*` are parts of `micromark`. */
const MARKDOWN = [
  "mdast-util-from-markdown",
  "mdast-util-to-string",
  "micromark",
  "unist-util-stringify-position",
  "decode-named-character-reference",
  "character-entities",
];

export default defineConfig([
  {
    ...common,
    entry: {
      server: "src/opencode/server.ts",
      native: "src/native/index.ts",
      cli: "src/cli/main.ts",
      helper: "src/isolation/helper.ts",
      tui: "src/tui/tui.ts",
    },
    // The host's own: it gives them to a plugin of its terminal.
    deps: { ...common.deps, neverBundle: [/^@opentui\//, "solid-js"] },
    outDir: "dist",
    dts: true,
    copy: [
      { from: "node_modules/zod/LICENSE", to: "dist/licenses", rename: "zod.txt" },
      {
        from: "node_modules/vscode-jsonrpc/License.txt",
        to: "dist/licenses",
        rename: "vscode-jsonrpc.txt",
      },
      ...MARKDOWN.map((name) => ({
        from: `node_modules/${name}/license`,
        to: "dist/licenses",
        rename: `${name}.txt`,
      })),
      { from: "node_modules/jsonc-parser/LICENSE.md", to: "dist/licenses", rename: "jsonc-parser.md" },
    ],
  },
  // Behind `npm start` and `npm run bench:*`; not published.
  {
    ...common,
    entry: {
      demo: "harness/demo/main.ts",
      "plugin-start": "benches/plugin-start.ts",
      isolation: "benches/isolation.ts",
      pools: "benches/pools.ts",
      store: "benches/store.ts",
      "first-mission": "benches/first-mission.ts",
      "write-sets": "benches/write-sets.ts",
      hooks: "benches/hooks.ts",
      context: "benches/context/main.ts",
      simulation: "simulation/main.ts",
      // The benchmark of isolation looks for it beside itself.
      helper: "src/isolation/helper.ts",
      search: "benches/search/main.ts",
      "search-corpus": "benches/search/corpus/main.ts",
      "search-profile": "benches/search/profile.ts",
      "search-engine": "benches/search/hosts/engine-process.ts",
      "search-read-worker": "benches/search/read-worker.ts",
    },
    // Peers of our search, measured as they are installed.
    deps: {
      ...common.deps,
      neverBundle: [
        /^@ff-labs\//,
        "verdaccio",
        "@vscode/ripgrep",
        "@ast-grep/napi",
        "fast-glob",
        "tinyglobby",
      ],
    },
    outDir: "build",
  },
]);
