import { copyFileSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { build } from "tsdown";
import { afterAll, beforeAll } from "vitest";

export interface Built {
  folder: string;
  helper: string;
  /** A process that searches in helpers and then waits; see `programs/holder.ts`. */
  holder: string;
}

/** Builds the helper and the tests' programs from the source of now, for one file of tests. */
export function builtPrograms(): Built {
  const built: Built = { folder: "", helper: "", holder: "" };
  beforeAll(async () => {
    built.folder = mkdtempSync(join(tmpdir(), "orchestrator-isolation-"));
    // The addon is looked for beside the package's manifest.
    copyFileSync("package.json", join(built.folder, "package.json"));
    symlinkSync(resolve("npm"), join(built.folder, "npm"), "junction");
    built.helper = join(built.folder, "helper.js");
    built.holder = join(built.folder, "holder.js");
    await build({
      config: false,
      logLevel: "silent",
      format: "esm",
      platform: "node",
      target: "node20.19",
      deps: { alwaysBundle: ["vscode-jsonrpc"] },
      outExtensions: () => ({ js: ".js" }),
      dts: false,
      clean: false,
      entry: { helper: "src/isolation/helper.ts", holder: "__test__/isolation/programs/holder.ts" },
      outDir: built.folder,
    });
  });
  afterAll(() => rmSync(built.folder, { recursive: true, force: true }));
  return built;
}
