import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it, onTestFinished, vi } from "vitest";
import { temporaryFolder } from "../native/temporary.js";
import { run } from "./run.js";

const LINES = '{"time":"2026-01-02T03:04:05.678Z","level":"info","event":"e"}\n';

/** A home with everything that the plugin and OpenCode leave, and something else beside each. */
function stage() {
  const home = temporaryFolder({
    ".cache/opencode/packages/opencode-orchestrator@1.2.3/package.json": "{}",
    ".cache/opencode/packages/opencode-orchestrator@latest/package.json": "{}",
    ".cache/opencode/packages/opencode-orchestrator-other@1.0.0/package.json": "{}",
    ".cache/opencode-orchestrator/index/a": "x",
    ".local/state/opencode-orchestrator/backups/b/c": "x",
    "project/.opencode/orchestrator/state.db": "x",
    "project/.opencode/agent/mine.md": "x",
    "tmp/opencode-orchestrator.log": LINES,
    "tmp/opencode-orchestrator.log.20260102T030405678Z-1": LINES,
    "tmp/opencode-orchestrator.log.txt": "mine",
  });
  onTestFinished(() => void vi.unstubAllEnvs());
  vi.stubEnv("TMPDIR", join(home, "tmp"));
  vi.stubEnv("TEMP", join(home, "tmp"));
  const files = () =>
    readdirSync(home, { recursive: true, withFileTypes: true })
      .flatMap((entry) => (entry.isFile() ? [join(entry.parentPath, entry.name).slice(home.length + 1)] : []))
      .sort();
  const cli = (args: string[], more = {}) =>
    run(["uninstall", ...args], { directory: home, surroundings: { home, variables: {} }, ...more });
  return { home, files, cli };
}

const OTHERS = [
  ".cache/opencode/packages/opencode-orchestrator-other@1.0.0/package.json",
  "project/.opencode/agent/mine.md",
  "project/.opencode/orchestrator/state.db",
  "tmp/opencode-orchestrator.log.txt",
];

// On macOS and Windows caches have other folders.
it.runIf(process.platform === "linux")("uninstall --purge removes what is ours, and only that", async () => {
  const { home, files, cli } = stage();
  const { code, out } = await cli(["--purge"]);
  expect(code).toBe(0);
  expect(out).toContain(
    `${join(home, ".cache/opencode/packages/opencode-orchestrator@1.2.3")}: OpenCode's copy`,
  );
  expect(files()).toEqual(OTHERS);
  expect((await cli(["--purge"])).out).toContain("Nothing else is left of the plugin.");
});

it("with --project it removes the state of that project's missions alone", async () => {
  const { home, files, cli } = stage();
  const before = files();
  expect((await cli(["--purge", "--project", "project"])).code).toBe(0);
  expect(files()).toEqual(
    before.filter((path) => path !== join("project", ".opencode", "orchestrator", "state.db")),
  );
  expect(existsSync(join(home, "project/.opencode/orchestrator"))).toBe(false);
});

it("removes nothing for a dry run, for a no, and without --purge", async () => {
  const { files, cli } = stage();
  const before = files();
  expect((await cli(["--purge", "--dry-run"])).out).toContain("OpenCode's copy");
  expect(await cli(["--purge"], { confirm: async () => false })).toMatchObject({
    code: 1,
    err: "They stay.",
  });
  expect((await cli([])).code).toBe(0);
  expect(files()).toEqual(before);
});

it("keeps the records of a configuration that still has the plugin, so that it can be taken out to the byte", async () => {
  const { home, cli } = stage();
  const installed = join(home, ".local/state/opencode-orchestrator/installed");
  mkdirSync(installed);
  writeFileSync(join(installed, "record.json"), "{}");
  expect((await cli(["--purge"])).code).toBe(0);
  expect(existsSync(join(installed, "record.json"))).toBe(true);
  expect(existsSync(join(home, ".local/state/opencode-orchestrator/backups"))).toBe(false);
});
