import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run, SetupError } from "./lib/run.mjs";
import { setup } from "./lib/setup.mjs";

// `npm test`: everything that must hold, and a count at the end. Each linter counts as one test.

/** @typedef {{ passed: number, failed: number }} Count */

const CORE = ["store", "scheduler", "search", "index", "syntax"].flatMap((name) => [
  "-p",
  `orchestrator-${name}`,
]);

/** @type {readonly [string, string, readonly string[]][]} */
const LINTERS = [
  ["TypeScript types", "npx", ["tsc", "-p", "."]],
  ["Biome: format and lint", "npx", ["biome", "check", "."]],
  ["import directions", "npx", ["depcruise", "--config", ".dependency-cruiser.mjs", "src"]],
  ["rustfmt", "cargo", ["fmt", "--all", "--check"]],
  ["clippy: core", "cargo", ["clippy", ...CORE, "--all-targets", "--locked", "-q", "--", "-D", "warnings"]],
  [
    "clippy: binding",
    "cargo",
    ["clippy", "-p", "orchestrator-binding", "--locked", "-q", "--", "-D", "warnings"],
  ],
  ["the binding's types are committed", "git", ["diff", "--exit-code", "--", "src/native/binding.d.ts"]],
];

async function main() {
  await setup();
  /** @type {Count[]} */
  const counts = [];
  for (const [name, command, args] of LINTERS) counts.push(await lint(name, command, args));
  counts.push(await cargoTests(), await vitest());
  const total = counts.reduce((sum, one) => ({
    passed: sum.passed + one.passed,
    failed: sum.failed + one.failed,
  }));
  console.log(`\n${total.passed} passed, ${total.failed} failed`);
  if (total.failed > 0 || total.passed === 0) process.exitCode = 1;
}

/**
 * @param {string} name
 * @param {string} command
 * @param {readonly string[]} args
 * @returns {Promise<Count>}
 */
async function lint(name, command, args) {
  const { code } = await run(command, args, { quiet: true });
  console.log(`${code === 0 ? "ok  " : "FAIL"} ${name}`);
  return code === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

/** @returns {Promise<Count>} */
async function cargoTests() {
  console.log("\ncargo test");
  const { code, output } = await run("cargo", ["test", "--locked", "--no-fail-fast", ...CORE]);
  const count = { passed: 0, failed: 0 };
  for (const [, passed, failed] of output.matchAll(/^test result: \w+\. (\d+) passed; (\d+) failed/gm)) {
    count.passed += Number(passed);
    count.failed += Number(failed);
  }
  // A crate that did not compile has no result line.
  if (code !== 0 && count.failed === 0) count.failed = 1;
  return count;
}

/** @returns {Promise<Count>} */
async function vitest() {
  console.log("\nvitest");
  const folder = mkdtempSync(join(tmpdir(), "orchestrator-test-"));
  const report = join(folder, "vitest.json");
  try {
    const { code } = await run("npx", [
      "vitest",
      "run",
      "--reporter=default",
      "--reporter=json",
      `--outputFile=${report}`,
    ]);
    const { numPassedTests, numFailedTests } = JSON.parse(readFileSync(report, "utf8"));
    // Also an error outside of any test is a failure.
    return { passed: numPassedTests, failed: code !== 0 ? Math.max(1, numFailedTests) : numFailedTests };
  } catch {
    return { passed: 0, failed: 1 };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

try {
  await main();
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  console.error(`\n${error.message}\n\n0 passed, 1 failed`);
  process.exitCode = 1;
}
