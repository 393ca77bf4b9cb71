import { execFileSync } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { TreeSnapshots } from "../../src/git/index.js";
import { temporaryFolder } from "../native/temporary.js";
import { repository, run } from "./repository.js";

function snapshotsOf(directory: string) {
  const problems: string[] = [];
  const tree = new TreeSnapshots(directory, join(directory, ".opencode/orchestrator/tree"), (reason) =>
    problems.push(reason),
  );
  onTestFinished(() => tree.close());
  return { tree, problems };
}

/** What one act changes, as `kind path`. */
async function changesOf(directory: string, act: () => void, tree = snapshotsOf(directory).tree) {
  const before = await tree.snapshot();
  act();
  const after = await tree.snapshot();
  if (!before || !after) throw new Error("not measured");
  return (await tree.changes(before, after)).map(({ kind, path }) => `${kind} ${path}`);
}

const FILES = {
  "src/a.ts": "a\n",
  "src/b.ts": "b\n",
  "docs/x.md": "x\n",
  ".gitignore": "dist/\n*.log\n.env\n",
};

it.each<[string, (at: (path: string) => string) => void, string[]]>([
  ["nothing", () => undefined, []],
  ["a write of the same content", (at) => writeFileSync(at("src/a.ts"), "a\n"), []],
  ["an edit", (at) => appendFileSync(at("src/a.ts"), "more\n"), ["modified src/a.ts"]],
  [
    "a new file in a new folder",
    (at) => {
      mkdirSync(at("new/deep"), { recursive: true });
      writeFileSync(at("new/deep/f"), "");
    },
    ["added new/deep/f"],
  ],
  ["a deletion", (at) => unlinkSync(at("docs/x.md")), ["deleted docs/x.md"]],
  ["a move", (at) => renameSync(at("src/a.ts"), at("src/c.ts")), ["deleted src/a.ts", "added src/c.ts"]],
  ["a file that becomes a program", (at) => chmodSync(at("src/a.ts"), 0o755), ["modified src/a.ts"]],
  [
    "a file that becomes a link",
    (at) => {
      unlinkSync(at("src/a.ts"));
      symlinkSync("/etc/hosts", at("src/a.ts"));
    },
    ["modified src/a.ts"],
  ],
  [
    "a file that becomes a folder",
    (at) => {
      unlinkSync(at("docs/x.md"));
      mkdirSync(at("docs/x.md"));
      writeFileSync(at("docs/x.md/y"), "");
    },
    ["deleted docs/x.md", "added docs/x.md/y"],
  ],
  [
    "a folder that becomes a file",
    (at) => {
      rmSync(at("docs"), { recursive: true });
      writeFileSync(at("docs"), "");
    },
    ["added docs", "deleted docs/x.md"],
  ],
  [
    "an edit that keeps size and time",
    (at) => {
      const { atime, mtime } = statSync(at("src/a.ts"));
      writeFileSync(at("src/a.ts"), "z\n");
      utimesSync(at("src/a.ts"), atime, mtime);
    },
    ["modified src/a.ts"],
  ],
  ["line ends", (at) => writeFileSync(at("src/a.ts"), "a\r\n"), ["modified src/a.ts"]],
  [
    "odd names",
    (at) => {
      for (const name of ["a b", "new\nline", "ü", '"q"', "-f", ":(top)x", "*"]) writeFileSync(at(name), "");
    },
    ['added "q"', "added *", "added -f", "added :(top)x", "added a b", "added new\nline", "added ü"],
  ],
  [
    "what is ignored",
    (at) => {
      mkdirSync(at("dist"));
      writeFileSync(at("dist/out.js"), "");
      writeFileSync(at("x.log"), "");
      mkdirSync(at("node_modules/p"), { recursive: true });
      writeFileSync(at("node_modules/p/i.js"), "");
    },
    [],
  ],
  ["secrets, though ignored", (at) => writeFileSync(at(".env"), "KEY=1"), ["added .env"]],
  [
    "a hook",
    (at) => writeFileSync(at(".git/hooks/pre-commit"), "#!/bin/sh\n", { mode: 0o755 }),
    ["added .git/hooks/pre-commit"],
  ],
  [
    "git's configuration",
    (at) => run(at("."), "config", "core.fsmonitor", "touch /tmp/never"),
    ["modified .git/config"],
  ],
  [
    "what git is to ignore, in a file of its own",
    (at) => {
      mkdirSync(at(".git/info"), { recursive: true });
      appendFileSync(at(".git/info/exclude"), "src/\n");
      appendFileSync(at("src/a.ts"), "x");
    },
    [expect.stringContaining(".git/info/exclude") as unknown as string, "modified src/a.ts"],
  ],
  [
    "a plugin of the host",
    (at) => {
      mkdirSync(at(".opencode/plugin"), { recursive: true });
      writeFileSync(at(".opencode/plugin/x.ts"), "");
    },
    ["added .opencode/plugin/x.ts"],
  ],
  ["our own state", (at) => writeFileSync(at(".opencode/orchestrator/todo.md"), "x"), []],
  ["a commit, which changes no file", (at) => run(at("."), "commit", "-q", "--allow-empty", "-m", "x"), []],
  [
    "a file that is hidden from git's status",
    (at) => {
      run(at("."), "update-index", "--assume-unchanged", "src/a.ts");
      run(at("."), "update-index", "--skip-worktree", "src/b.ts");
      appendFileSync(at("src/a.ts"), "x");
      appendFileSync(at("src/b.ts"), "x");
    },
    ["modified src/a.ts", "modified src/b.ts"],
  ],
  [
    "another branch",
    (at) => {
      run(at("."), "checkout", "-q", "-b", "other");
      unlinkSync(at("docs/x.md"));
      run(at("."), "commit", "-qam", "x");
    },
    ["deleted docs/x.md"],
  ],
])("sees %s", async (_, act, expected) => {
  const directory = repository(FILES);
  expect(await changesOf(directory, () => act((path) => join(directory, path)))).toEqual(expected);
});

it("leaves the user's repository as it is: index, refs, objects", async () => {
  const directory = repository(FILES);
  appendFileSync(join(directory, "src/a.ts"), "uncommitted\n");
  const state = () => [
    readFileSync(join(directory, ".git/index")).toString("hex"),
    statSync(join(directory, ".git/index")).mtimeMs,
    readdirSync(join(directory, ".git/objects")).sort(),
    run(directory, "--no-optional-locks", "status", "--porcelain", "-uno"),
    run(directory, "for-each-ref"),
  ];
  const before = state();
  await changesOf(directory, () => writeFileSync(join(directory, "new.ts"), ""));
  unlinkSync(join(directory, "new.ts"));
  expect(state()).toEqual(before);
});

it("runs nothing that the repository is configured with: monitor, hooks, filters", async () => {
  const directory = repository({ ...FILES, ".gitattributes": "*.ts filter=evil text\n" });
  const witness = join(temporaryFolder(), "ran");
  const evil = `touch ${witness}; cat`;
  for (const key of ["core.fsmonitor", "filter.evil.clean", "filter.evil.smudge", "filter.evil.process"])
    run(directory, "config", key, evil);
  mkdirSync(join(directory, "hooks"));
  for (const hook of ["post-index-change", "pre-commit", "post-checkout"])
    writeFileSync(join(directory, "hooks", hook), `#!/bin/sh\ntouch ${witness}\n`, { mode: 0o755 });
  run(directory, "config", "core.hooksPath", "hooks");
  expect(existsSync(witness)).toBe(false);
  const found = await changesOf(directory, () => writeFileSync(join(directory, "src/a.ts"), "a\r\n"));
  expect(found).toEqual(["modified src/a.ts"]);
  expect(existsSync(witness)).toBe(false);
});

it("looks into repositories inside, modules and others", async () => {
  const directory = repository(FILES);
  const inner = repository({ "m.ts": "m\n", "sub/n.ts": "n\n" });
  run(directory, "-c", "protocol.file.allow=always", "submodule", "add", "-q", inner, "module");
  run(directory, "commit", "-qm", "module");
  execFileSync("cp", ["-r", inner, join(directory, "nested")]);
  const found = await changesOf(directory, () => {
    appendFileSync(join(directory, "module/m.ts"), "x");
    appendFileSync(join(directory, "nested/sub/n.ts"), "x");
    writeFileSync(join(directory, "nested/new"), "x");
  });
  expect(found).toEqual(["modified module/m.ts", "added nested/new", "modified nested/sub/n.ts"]);
});

it("measures what is too large to copy by its stamps", async () => {
  const directory = repository(FILES);
  writeFileSync(join(directory, "large.bin"), "");
  truncateSync(join(directory, "large.bin"), 9 * 2 ** 20);
  expect(await changesOf(directory, () => appendFileSync(join(directory, "large.bin"), "x"))).toEqual([
    "modified large.bin",
  ]);
});

it("sees the repository around a project in a folder of it", async () => {
  const directory = repository(FILES);
  const { tree } = snapshotsOf(join(directory, "src"));
  const found = await changesOf(
    directory,
    () => {
      appendFileSync(join(directory, "src/a.ts"), "x");
      appendFileSync(join(directory, "docs/x.md"), "x");
    },
    tree,
  );
  expect(found).toEqual(["modified ../docs/x.md", "modified a.ts"]);
});

it.each<[string, () => string]>([
  ["without a repository", () => temporaryFolder(FILES)],
  [
    "in a repository without a commit",
    () => {
      const folder = temporaryFolder(FILES);
      run(folder, "init", "-q");
      return folder;
    },
  ],
  [
    "on a detached head",
    () => {
      const folder = repository(FILES);
      run(folder, "checkout", "-q", "--detach");
      return folder;
    },
  ],
  [
    "in a shallow clone",
    () => {
      const folder = join(temporaryFolder(), "clone");
      run("/", "clone", "-q", "--depth=1", `file://${repository(FILES)}`, folder);
      return folder;
    },
  ],
  [
    "in a repository of SHA-256",
    () => {
      const folder = temporaryFolder(FILES);
      run(folder, "init", "-q", "--object-format=sha256");
      run(folder, "add", "-A");
      return folder;
    },
  ],
  [
    "in a linked worktree",
    () => {
      const folder = join(temporaryFolder(), "linked");
      run(repository(FILES), "worktree", "add", "-q", folder);
      return folder;
    },
  ],
])("measures %s", async (_, make) => {
  const directory = make();
  const { tree, problems } = snapshotsOf(directory);
  expect(await changesOf(directory, () => appendFileSync(join(directory, "src/a.ts"), "x"), tree)).toEqual([
    "modified src/a.ts",
  ]);
  expect(problems).toEqual([]);
});

it("gives equal content equal names, also to another process, and says how to get it back", async () => {
  const directory = repository(FILES);
  appendFileSync(join(directory, "docs/x.md"), "not committed\n");
  const { tree } = snapshotsOf(directory);
  const before = (await tree.snapshot()) ?? "";
  writeFileSync(join(directory, "docs/x.md"), "spoilt");
  chmodSync(join(directory, "src/a.ts"), 0o755);
  unlinkSync(join(directory, "src/b.ts"));
  writeFileSync(join(directory, "it's new"), "");
  const changes = await tree.changes(before, (await tree.snapshot()) ?? "");
  expect(changes).toHaveLength(4);
  execFileSync("sh", ["-ec", tree.howToRestore(before, changes)], { cwd: directory });
  expect(readFileSync(join(directory, "docs/x.md"), "utf8")).toBe("x\nnot committed\n");
  expect(await tree.snapshot()).toBe(before);
  expect(await snapshotsOf(directory).tree.snapshot()).toBe(before);
});

it("writes nowhere else when its folder is a link, and removes the link alone", async () => {
  const directory = repository(FILES);
  const elsewhere = temporaryFolder({ "kept.txt": "kept" });
  mkdirSync(join(directory, ".opencode/orchestrator"), { recursive: true });
  symlinkSync(elsewhere, join(directory, ".opencode/orchestrator/tree"));
  const { tree, problems } = snapshotsOf(directory);
  expect(await tree.snapshot()).toBeUndefined();
  expect(problems).toEqual([expect.stringContaining("is not a folder")]);
  await tree.forget();
  expect(readdirSync(elsewhere)).toEqual(["kept.txt"]);
  expect(await tree.snapshot()).toBeDefined();
});

it("answers calls that come together, and leaves no index behind", async () => {
  const directory = repository(FILES);
  const { tree } = snapshotsOf(directory);
  const names = await Promise.all(Array.from({ length: 20 }, () => tree.snapshot()));
  expect(new Set(names).size).toBe(1);
  writeFileSync(
    join(directory, ".opencode/orchestrator/tree/index.999999999.abcd"),
    "of a process that is gone",
  );
  await tree.close();
  const { tree: next } = snapshotsOf(directory);
  await next.snapshot();
  await next.close();
  expect(
    readdirSync(join(directory, ".opencode/orchestrator/tree")).filter((one) => one.startsWith("index")),
  ).toEqual([]);
});
