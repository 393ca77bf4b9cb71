import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { compare } from "./compare.js";
import { DiskTree } from "./disk-tree.js";
import { environment } from "./environment.js";
import { query } from "./generate/queries.js";
import { type Tree, tree } from "./generate/trees.js";
import { PROBES } from "./probes.js";
import { DIFFERENTIAL_CASES, seedOf } from "./size.js";
import { openSubject } from "./subject.js";

/** git changes many files at once, the ignore files among them, and a search follows. */
const subjects = [false, true].map((index) => openSubject({ index }));
afterAll(() => Promise.all(subjects.map((subject) => subject.close())));

const BRANCHES = ["one", "two", "three"];
const switches = DIFFERENTIAL_CASES === undefined ? 12 : Math.ceil(DIFFERENTIAL_CASES / 100);

describe("search", () => {
  it(`equals ripgrep after each of ${switches} switches of the branch`, async () => {
    const seed = seedOf(DIFFERENTIAL_CASES === undefined);
    using disk = new DiskTree({ isLarge: false, globalIgnore: "", entries: [] });
    const git = (...args: string[]) =>
      execFileSync("git", ["-c", "user.name=a", "-c", "user.email=a@b", ...args], {
        cwd: disk.root,
        env: environment,
      });
    git("init", "--quiet", "--initial-branch", "empty");
    git("commit", "--quiet", "--allow-empty", "--message", "none");
    for (const [at, found] of fc.sample(tree, { seed, numRuns: BRANCHES.length }).entries())
      commit(disk, git, BRANCHES[at] ?? "", found);

    const order = fc.sample(fc.constantFrom("empty", ...BRANCHES), { seed, numRuns: switches });
    const queries = fc.sample(query, { seed, numRuns: switches * 3 });
    for (const [at, branch] of order.entries()) {
      git("checkout", "--quiet", "--force", branch);
      const asked = [...PROBES, ...queries.slice(at * 3, at * 3 + 3)];
      await Promise.all(asked.map((each) => compare(each, disk.resolve(each.target), subjects)));
    }
    expect(new Set(order).size).toBeGreaterThan(2);
  }, 600_000);
});

function commit(disk: DiskTree, git: (...args: string[]) => Buffer, branch: string, tree: Tree): void {
  git("checkout", "--quiet", "--force", "-b", branch, "empty");
  for (const entry of tree.entries) if (entry.kind !== "git") disk.make(entry);
  git("add", "--all", "--force");
  git("commit", "--quiet", "--allow-empty", "--message", branch);
  for (const path of [...disk.listing().folders, ...disk.listing().files])
    rmSync(disk.absolute(path), { recursive: true, force: true });
}
