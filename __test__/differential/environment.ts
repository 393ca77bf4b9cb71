import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * The home of both sides. The addon reads the environment of this process, ripgrep is started with it; so this module
 * must be imported before the first search.
 */
const home = mkdtempSync(join(tmpdir(), "differential-home-"));
process.once("exit", () => rmSync(home, { recursive: true, force: true }));

const GLOBAL_IGNORE = join(home, "global-ignore");

mkdirSync(join(home, "config"));
writeFileSync(join(home, ".gitconfig"), `[core]\n\texcludesFile = ${GLOBAL_IGNORE}\n`);
for (const name of Object.keys(process.env))
  if (name.startsWith("GIT_") || name === "RIPGREP_CONFIG_PATH") delete process.env[name];
process.env["HOME"] = home;
process.env["XDG_CONFIG_HOME"] = join(home, "config");

/** The environment of every process that is started for a comparison. */
export const environment: Readonly<Record<string, string>> = {
  HOME: home,
  XDG_CONFIG_HOME: join(home, "config"),
  PATH: process.env["PATH"] ?? "",
  GIT_CONFIG_NOSYSTEM: "1",
};

/** Sets the user's global git excludes, which both sides follow. */
export function writeGlobalIgnore(rules: string): void {
  writeFileSync(GLOBAL_IGNORE, rules);
}
