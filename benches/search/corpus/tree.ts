import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { visibleFiles } from "../visible-files.js";
import { folderName, tarballPath } from "./download.js";
import { corpusFolder, treeFolder } from "./location.js";
import type { TreeRecipe } from "./packages.js";
import { unpackSources } from "./unpack.js";

const run = promisify(execFile);

/** What a finished tree holds, as far as a search sees it: without hidden and ignored files. */
export interface TreeFigures {
  readonly files: number;
  readonly bytes: number;
  readonly checksum: string;
}

const IGNORED = `# Dependencies
node_modules/
# Build output
*.tsbuildinfo
*.min.js
*.min.css
*.min.mjs
*.map
# Logs and local settings
*.log
.env
.env.*
!.env.example
.DS_Store
`;

/** Builds the tree, or reads the figures of one that is there. */
export async function ensureTree(
  recipe: TreeRecipe,
  onProgress: (line: string) => void,
): Promise<TreeFigures> {
  const record = `${treeFolder(recipe.name)}.json`;
  if (existsSync(record)) {
    const built = JSON.parse(await readFile(record, "utf8")) as TreeFigures & { packages: string[] };
    if (built.packages.join() === recipe.packages.join()) return built;
  }
  await rm(record, { force: true });
  await buildTree(recipe, onProgress);
  const figures = await measure(treeFolder(recipe.name));
  await writeFile(record, JSON.stringify({ ...figures, packages: recipe.packages }, undefined, 2));
  return figures;
}

async function buildTree(recipe: TreeRecipe, onProgress: (line: string) => void): Promise<void> {
  const unfinished = join(corpusFolder(), `${recipe.name}.unfinished`);
  await rm(unfinished, { recursive: true, force: true });
  for (const [index, specifier] of recipe.packages.entries()) {
    const folder = join(unfinished, "packages", folderName(specifier).replace(/-[\d.]+$/, ""));
    await unpackSources(tarballPath(specifier), folder);
    onProgress(`${recipe.name}: unpacked ${index + 1} of ${recipe.packages.length}`);
  }
  await writeFile(join(unfinished, ".gitignore"), IGNORED);
  await writeFile(join(unfinished, "package.json"), '{ "private": true, "workspaces": ["packages/*"] }\n');
  onProgress(`${recipe.name}: git commit`);
  await commit(unfinished);
  await rm(treeFolder(recipe.name), { recursive: true, force: true });
  await rename(unfinished, treeFolder(recipe.name));
}

/** Everything committed, as in a user's clone: what asks git for changes finds none. */
async function commit(folder: string): Promise<void> {
  const git = async (...args: string[]) => {
    const identity = ["-c", "user.name=bench", "-c", "user.email=bench@localhost"];
    await run("git", ["-C", folder, ...identity, "-c", "gc.auto=0", "-c", "core.compression=1", ...args]);
  };
  await git("init", "--quiet");
  await git("add", "--all");
  await git("commit", "--quiet", "--no-verify", "--message", "Corpus");
}

async function measure(folder: string): Promise<TreeFigures> {
  const files = await visibleFiles(folder);
  let bytes = 0;
  const list = createHash("sha256");
  for (const path of files.toSorted()) {
    const { size } = await stat(join(folder, path));
    bytes += size;
    list.update(`${path}\t${size}\n`);
  }
  return { files: files.length, bytes, checksum: list.digest("hex") };
}
