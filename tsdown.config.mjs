import { defineConfig } from "tsdown";

const common = {
  format: "esm",
  platform: "node",
  target: "node20.19",
  // Instructions are Markdown files that become text in the bundle.
  loader: { ".md": "text" },
  // One file loads sooner than zod's many: the host waits for a plugin's import.
  deps: { alwaysBundle: ["zod"] },
  outExtensions: () => ({ js: ".js", dts: ".d.ts" }),
  clean: true,
};

export default defineConfig([
  {
    ...common,
    entry: { server: "src/opencode/server.ts", native: "src/native/index.ts", cli: "src/cli/main.ts" },
    outDir: "dist",
    dts: true,
    copy: [{ from: "node_modules/zod/LICENSE", to: "dist/licenses", rename: "zod.txt" }],
  },
  // Behind `npm start` and `npm run bench:start`; not published.
  {
    ...common,
    entry: { demo: "harness/demo/main.ts", "plugin-start": "benches/plugin-start.ts" },
    outDir: "build",
  },
]);
