import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { thisPlatform } from "./lib/platform.mjs";

// `node scripts/smoke.mjs [--packages packed] [--runtime PROGRAM]...`: installs packed tarballs into an empty folder, with
// scripts off and without a registry, and uses them there: a search, an outline, a commit to the store, the command line.
// Once for each runtime, which is Node.js or Bun.

const { values } = parseArgs({
  options: {
    packages: { type: "string", default: "packed" },
    /** A program, with arguments after spaces. Default: the Node.js that runs this. */
    runtime: { type: "string", multiple: true, default: [process.execPath] },
  },
});

const PROBE = `
import { mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openStore, Searcher } from "opencode-orchestrator/native";
import plugin from "opencode-orchestrator/server";

const folder = mkdtempSync(join(import.meta.dirname, "project-"));
writeFileSync(join(folder, "a.ts"), "export function needle(): number {\\n  return 1;\\n}\\n");
const expect = (what, holds) => {
  if (!holds) throw new Error(what + " does not work");
};
const search = new Searcher();
const found = await search.grep({ path: folder, pattern: "need.e" });
expect("grep", found.total === 1 && found.matches[0].path === "a.ts" && found.matches[0].line === 1);
const symbols = await search.outline(join(folder, "a.ts"));
expect("outline", symbols.length === 1 && symbols[0].name === "needle");
await search.close();
const store = await openStore(join(folder, "state.db"));
const writes = [{ key: "k", value: { n: 1 } }];
await store.commit({ actor: "smoke", snapshot: store.snapshot(), readKeys: [], readPrefixes: [], writes });
expect("the store", store.get("k")?.value.n === 1 && (await store.verify()).ok);
await store.close();
expect("the plugin", plugin.id === "opencode-orchestrator" && typeof plugin.server === "function");
console.log((process.versions.bun ? "Bun " + process.versions.bun : "Node.js " + process.version) + ", " + process.platform + " " + process.arch + ": grep, outline, store, plugin");
`;

const platform = thisPlatform()?.name;
const tarballs = readdirSync(values.packages)
  .filter((name) => /^opencode-orchestrator-\d.*\.tgz$/.test(name) || name.includes(`-${platform}-`))
  .map((name) => resolve(values.packages, name));
if (tarballs.length < 2) throw new Error(`${values.packages} has no packages for this machine: npm run pack`);

const folder = realpathSync(mkdtempSync(join(tmpdir(), "orchestrator-smoke-")));
try {
  const home = join(folder, "home");
  mkdirSync(home);
  writeFileSync(join(folder, "package.json"), '{ "private": true }\n');
  // The platform's package is among them; the others' need not be to be had.
  const install = ["install", "--ignore-scripts", "--omit=optional", "--offline", "--no-audit", "--no-fund"];
  run("npm", [...install, ...tarballs]);
  writeFileSync(join(folder, "probe.mjs"), PROBE);
  const cli = join("node_modules", "opencode-orchestrator", "dist", "cli.js");
  for (const runtime of values.runtime) {
    const [program = "", ...args] = runtime.split(" ");
    run(program, [...args, "probe.mjs"]);
    run(program, [...args, cli, "outline", "probe.mjs"]);
  }
} finally {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}

/**
 * @param {string} program
 * @param {readonly string[]} args
 */
function run(program, args) {
  const { status, error } = spawnSync(program, args, {
    cwd: folder,
    stdio: ["ignore", args.includes("outline") ? "ignore" : "inherit", "inherit"],
    // npm is a script on Windows; paths there may have spaces, which npm's arguments do not.
    shell: process.platform === "win32" && program === "npm",
    env: { ...process.env, HOME: join(folder, "home"), npm_config_update_notifier: "false" },
  });
  if (error || status !== 0)
    throw new Error(`${program} ${args.join(" ")} ended with ${error?.message ?? status}`);
}
