import { rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { afterEach, beforeEach, expect, it } from "vitest";
import { WorkTree } from "../../harness/demo/work-tree.js";
import { createProject, type Project } from "../../harness/index.js";

let project: Project;
beforeEach(async () => {
  project = await createProject({ files: { "a.txt": "1\n", "b.txt": "1\n", ".gitignore": "*.log\n" } });
});
afterEach(async () => {
  await project[Symbol.asyncDispose]();
});

it("tells what changed since it was opened, and nothing of before", async () => {
  await writeFile(project.path("a.txt"), "uncommitted before\n");
  await writeFile(project.path("untracked-before.txt"), "x\n");
  await using tree = (await WorkTree.open(project.directory)) as WorkTree;
  expect(await tree.diff("--name-status")).toBe("");
  await writeFile(project.path("b.txt"), "2\n");
  await writeFile(project.path("new.txt"), "x\n");
  await writeFile(project.path("ignored.log"), "x\n");
  await rm(project.path("untracked-before.txt"));
  expect(await tree.diff("--name-status", "--no-renames")).toBe(
    "M\tb.txt\nA\tnew.txt\nD\tuntracked-before.txt\n",
  );
});

it("leaves the repository's index and objects alone", async () => {
  const state = async () => [
    await project.git("status", "--short"),
    await project.git("count-objects", "-v"),
  ];
  const before = await state();
  {
    await using tree = (await WorkTree.open(project.directory)) as WorkTree;
    await writeFile(project.path("new.txt"), "x\n");
    expect(await tree.diff("--stat")).toContain("new.txt");
    await rm(project.path("new.txt"));
  }
  expect(await state()).toEqual(before);
});

it("is undefined where there is no repository", async () => {
  expect(await WorkTree.open(tmpdir())).toBeUndefined();
});
