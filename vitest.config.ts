import { defineConfig } from "vitest/config";

export default defineConfig({
  plugins: [
    {
      // As in the build: instructions are Markdown files that become text.
      name: "markdown-as-text",
      transform: (code, id) => (id.endsWith(".md") ? `export default ${JSON.stringify(code)};` : undefined),
    },
  ],
  test: {
    include: ["__test__/**/*.test.ts"],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // In-host suites each start a real OpenCode; two at a time is what two cores carry.
    maxWorkers: 2,
  },
});
