import { execFileSync } from "node:child_process";
import { realpathSync } from "node:fs";
import { devNull } from "node:os";
import { temporaryFolder } from "../native/temporary.js";

/** Runs git as a user would, with no configuration but the repository's own. */
export function run(directory: string, ...args: string[]): string {
  const env = { ...process.env, GIT_CONFIG_GLOBAL: devNull, GIT_CONFIG_NOSYSTEM: "1" };
  const own = [
    "-c",
    "user.name=Test",
    "-c",
    "user.email=test@example.invalid",
    "-c",
    "init.defaultBranch=main",
  ];
  return execFileSync("git", [...own, ...args], { cwd: directory, env, encoding: "utf8", stdio: "pipe" });
}

/** A repository with one commit of these files, gone when the test is over. */
export function repository(files: Readonly<Record<string, string | Buffer>>): string {
  const directory = realpathSync(temporaryFolder(files));
  run(directory, "init", "-q");
  run(directory, "add", "-A", "-f");
  run(directory, "commit", "-q", "--allow-empty", "-m", "Start");
  return directory;
}
