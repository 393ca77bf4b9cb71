import { createHash } from "node:crypto";
import { lstat, readdir, readFile, readlink } from "node:fs/promises";
import { join, relative, sep } from "node:path";

/** More than this is no configuration. */
const MAX_FILES = 2_000;
const MAX_BYTES = 1024 * 1024;

/** Files in a git folder that decide what git runs, or what it shows; the rest is git's own bookkeeping. */
const GIT_FILES = ["config", "config.worktree", "info/exclude", "info/attributes", "info/grafts"];
/** In the host's folder: what packages and this plugin keep there. */
const HOST_OWN = new Set([
  "orchestrator",
  "node_modules",
  "package.json",
  "package-lock.json",
  "bun.lock",
  "bun.lockb",
  ".gitignore",
]);
/** In the root of the project: settings that are often ignored by git and still decide what runs. */
const ROOT_FILES = /^(\.env(\..*|rc)?|\.npmrc|\.yarnrc(\.yml)?|opencode\.jsonc?|tui\.jsonc?)$/i;

/** True for a path, relative to the project, that may be watched without being in the tree. */
export function isGuarded(path: string): boolean {
  const parts = path.split("/");
  return parts.includes(".git") || parts.includes(".opencode") || ROOT_FILES.test(parts.at(-1) ?? "");
}

export interface GuardedPlaces {
  readonly root: string;
  /** The folder that OpenCode runs in, in or at the root. */
  readonly directory: string;
  /** Git folders of the repository. */
  readonly gitDirectories: readonly string[];
}

/**
 * The files that a change of is never harmless, though ignore rules hide them: what each is, by its path relative to
 * the root. Files that cannot be read count by their stamps.
 */
export async function guardedFiles(places: GuardedPlaces): Promise<Map<string, string>> {
  const found: string[] = [];
  for (const folder of places.gitDirectories) {
    found.push(...GIT_FILES.map((file) => join(folder, file)));
    found.push(...(await filesBelow(join(folder, "hooks"), (name) => !name.endsWith(".sample"))));
  }
  for (const folder of new Set([places.root, places.directory])) {
    found.push(
      ...(await filesBelow(join(folder, ".opencode"), (name, depth) => depth > 0 || !HOST_OWN.has(name))),
    );
    found.push(
      ...(await names(folder)).filter((name) => ROOT_FILES.test(name)).map((name) => join(folder, name)),
    );
  }
  const states = new Map<string, string>();
  for (const path of found.slice(0, MAX_FILES)) {
    const state = await stateOf(path);
    if (state) states.set(relative(places.root, path).split(sep).join("/"), state);
  }
  return states;
}

async function names(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => []);
}

async function filesBelow(
  folder: string,
  wanted: (name: string, depth: number) => boolean,
): Promise<string[]> {
  const found: string[] = [];
  const open = [{ folder, depth: 0 }];
  for (let next = open.pop(); next && found.length < MAX_FILES; next = open.pop()) {
    const { folder: here, depth } = next;
    for (const entry of await readdir(here, { withFileTypes: true }).catch(() => [])) {
      if (!wanted(entry.name, depth)) continue;
      const path = join(here, entry.name);
      if (entry.isDirectory() && entry.name !== "node_modules") open.push({ folder: path, depth: depth + 1 });
      else if (!entry.isDirectory()) found.push(path);
    }
  }
  return found;
}

/** What a file is, in one line: its mode and its content, or what a link points to. Undefined when it is not there. */
async function stateOf(path: string): Promise<string | undefined> {
  try {
    const stats = await lstat(path);
    const isExecutable = stats.isFile() && (stats.mode & 0o111) !== 0;
    if (stats.isSymbolicLink()) return `link ${await readlink(path)}`;
    if (!stats.isFile()) return "other";
    if (stats.size > MAX_BYTES) return stampOf(stats);
    const digest = createHash("sha256")
      .update(await readFile(path))
      .digest("hex");
    return `${isExecutable ? "program" : "file"} ${digest}`;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ENOENT" ? undefined : "unreadable";
  }
}

/** Tells a file that was written from one that was not, without reading it. */
export function stampOf(stats: {
  readonly size: number | bigint;
  readonly mtimeMs: number | bigint;
  readonly ctimeMs: number | bigint;
  readonly ino: number | bigint;
}): string {
  return `stamp ${stats.size} ${stats.mtimeMs} ${stats.ctimeMs} ${stats.ino}`;
}
