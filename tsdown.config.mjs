import { defineConfig } from "tsdown";

const common = {
  format: "esm",
  platform: "node",
  target: "node20.19",
  // Instructions are Markdown files that become text in the bundle.
  loader: { ".md": "text" },
  outExtensions: () => ({ js: ".js", dts: ".d.ts" }),
  clean: true,
};

export default defineConfig([
  {
    ...common,
    entry: { server: "src/opencode/server.ts", native: "src/native/index.ts", cli: "src/cli/main.ts" },
    outDir: "dist",
    dts: true,
  },
]);
