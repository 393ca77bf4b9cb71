import { randomBytes } from "node:crypto";
import {
  access,
  constants,
  lstat,
  mkdir,
  readdir,
  readFile,
  realpath,
  rm,
  writeFile,
} from "node:fs/promises";
import { devNull } from "node:os";
import { dirname, join, relative, sep } from "node:path";
import type { TreeChange, WorkTree } from "../ports/index.js";
import { entries, type GitOptions, git } from "./command.js";
import { type GuardedPlaces, guardedFiles, isGuarded, stampOf } from "./guarded.js";
import { findRepository, userExcludes } from "./repository.js";

/** Files that are larger count by their stamps: what they hold is not copied. */
const MAX_CONTENT_BYTES = 8 * 2 ** 20;
/** More new files than this are a folder that nobody meant to be part of the project. */
const MAX_NEW_FILES = 50_000;
/** Folders that tools fill, wherever the project forgets to ignore them. */
const ALWAYS_IGNORED = ["node_modules/", ".opencode/", "__pycache__/", ".venv/"];
/** Content as it stands on disk: no line ends made equal, no filter, no keyword. */
const RAW = "* -text -filter -ident -working-tree-encoding -diff -merge\n";

interface Places {
  readonly guarded: GuardedPlaces;
  /** The project relative to the root, with a `/` at its end; empty when it is the root. */
  readonly prefix: string;
  readonly excludes: string;
  readonly index: string;
}

/**
 * Names states of the working tree by git trees, in a repository of our own beside the user's: the user's index, refs
 * and configuration are only read, the user's objects are shared. A state is `<tree>.<blob>`: the tree holds every
 * file that ignore rules leave in, the blob lists what must be watched although they leave it out.
 */
export class TreeSnapshots implements WorkTree {
  readonly #directory: string;
  readonly #folder: string;
  readonly #onUnmeasurable: (reason: string) => void;
  #places: Promise<Places | undefined> | undefined;
  #tail: Promise<unknown> = Promise.resolve();
  #waiting: Promise<string | undefined> | undefined;
  #last: { readonly manifest: string; readonly blob: string } | undefined;
  #tree: string | undefined;
  readonly #told = new Set<string>();
  #root: string;

  /** @param folder where our repository is; it can be removed when no state of it is needed any more. */
  constructor(directory: string, folder: string, onUnmeasurable: (reason: string) => void = () => undefined) {
    this.#directory = directory;
    this.#root = directory;
    this.#folder = folder;
    this.#onUnmeasurable = onUnmeasurable;
  }

  /** Calls that wait for the one before are answered together. */
  snapshot(): Promise<string | undefined> {
    this.#waiting ??= this.#next(async () => {
      this.#waiting = undefined;
      const places = await this.#open();
      return places && this.#measure(places).catch((error: Error) => this.#unmeasurable(error));
    });
    return this.#waiting;
  }

  async changes(from: string, to: string): Promise<readonly TreeChange[]> {
    const places = await this.#open();
    if (!places || from === to) return [];
    const [fromTree = "", fromBlob = ""] = from.split(".");
    const [toTree = "", toBlob = ""] = to.split(".");
    const found = fromTree === toTree ? [] : await this.#treeChanges(places, fromTree, toTree);
    if (fromBlob !== toBlob)
      found.push(
        ...manifestChanges(await this.#manifest(places, fromBlob), await this.#manifest(places, toBlob)),
      );
    // A file that became too large to be copied is in one list before and in the other after.
    const byPath = new Map<string, TreeChange>();
    for (const change of found) {
      const path = fromRoot(places.prefix, change.path);
      byPath.set(path, { path, kind: byPath.has(path) ? "modified" : change.kind });
    }
    return [...byPath.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
  }

  async touchedAt(paths: readonly string[]): Promise<ReadonlyMap<string, readonly number[]>> {
    const known = new Map<string, number | undefined>();
    // The time of the last change of the inode: programs that set a file's modification time do not set this one.
    const timeOf = async (path: string) => {
      if (!known.has(path))
        known.set(path, (await lstat(join(this.#directory, path)).catch(() => undefined))?.ctimeMs);
      return known.get(path);
    };
    const found = new Map<string, number[]>();
    for (const path of paths) {
      const times: number[] = [];
      for (let at = path; ; at = dirname(at)) {
        const time = await timeOf(at);
        if (time !== undefined) times.push(time);
        if (at === "." || at.endsWith("..")) break;
      }
      found.set(path, times);
    }
    return found;
  }

  howToRestore(state: string, changes: readonly TreeChange[]): string {
    const [tree = ""] = state.split(".");
    const added: string[] = [];
    const known: string[] = [];
    const unknown: string[] = [];
    for (const { path, kind } of changes)
      (kind === "added" ? added : isGuarded(path) ? unknown : known).push(quoted(path));
    const checkout = `git --git-dir=${quoted(this.#folder)} --work-tree=${quoted(this.#root)} --literal-pathspecs checkout -q ${tree} --`;
    return [
      ...(added.length > 0 ? [`rm -- ${added.join(" ")}`] : []),
      ...(known.length > 0 ? [`${checkout} ${known.join(" ")}`] : []),
      ...(unknown.length > 0 ? [`by hand, no copy was kept: ${unknown.join(" ")}`] : []),
    ].join("\n");
  }

  /** Removes every state. For when nothing is compared with one any more. */
  async forget(): Promise<void> {
    await this.close();
    this.#places = undefined;
    this.#last = undefined;
    this.#tree = undefined;
    // A link is removed as a link.
    await rm(this.#folder, { recursive: true, force: true });
  }

  /** Lets go of this process's index. */
  async close(): Promise<void> {
    const places = await this.#places?.catch(() => undefined);
    await this.#tail.catch(() => undefined);
    if (places) for (const file of [places.index, `${places.index}.lock`]) await rm(file, { force: true });
  }

  #next<T>(act: () => Promise<T>): Promise<T> {
    const result = this.#tail.then(act);
    this.#tail = result.catch(() => undefined);
    return result;
  }

  #open(): Promise<Places | undefined> {
    this.#places ??= this.#prepare().catch((error: Error) => this.#unmeasurable(error));
    return this.#places;
  }

  /** Each reason is told once. */
  #unmeasurable({ message }: Error): undefined {
    if (!this.#told.has(message)) this.#onUnmeasurable(message);
    this.#told.add(message);
  }

  async #prepare(): Promise<Places> {
    const directory = await realpath(this.#directory);
    const repository = await findRepository(directory);
    const root = repository ? await realpath(repository.root) : directory;
    this.#root = root;
    const format = repository?.objectFormat ?? "sha1";
    const link = await lstat(this.#folder).catch(() => undefined);
    if (link && !link.isDirectory()) throw new Error(`${this.#folder} is not a folder: remove it`);
    await mkdir(this.#folder, { recursive: true });
    const init = ["init", "--quiet", "--bare", "--template=", `--object-format=${format}`, this.#folder];
    await git(init, { cwd: directory, env: ISOLATED });
    const info = join(this.#folder, "info");
    await mkdir(info, { recursive: true });
    await writeFile(join(info, "attributes"), RAW);
    const own = repository
      ? await readFile(join(repository.commonDirectory, "info", "exclude"), "utf8").catch(() => "")
      : "";
    await writeFile(join(info, "exclude"), `${own}\n${ALWAYS_IGNORED.join("\n")}\n`);
    if (repository)
      await writeFile(
        join(this.#folder, "objects", "info", "alternates"),
        `${join(repository.commonDirectory, "objects")}\n`,
      );
    await this.#removeOldIndexes();
    const places: Places = {
      guarded: {
        root,
        directory,
        gitDirectories: repository ? [...new Set([repository.commonDirectory, repository.gitDirectory])] : [],
      },
      prefix: root === directory ? "" : `${relative(root, directory).split(sep).join("/")}/`,
      excludes: await userExcludes(directory),
      // One for each process, so that none waits for another's lock.
      index: join(this.#folder, `index.${process.pid}.${randomBytes(4).toString("hex")}`),
    };
    if (repository) await this.#seed(places, root);
    return places;
  }

  /** Takes over what the user's index knows, so that files of the repository are not copied. */
  async #seed(places: Places, root: string): Promise<void> {
    const { stdout } = await git(["ls-files", "-s", "-z"], { cwd: root });
    // Modules are looked into as if they were folders: their files count as well.
    const files = entries(stdout).filter((entry) => !entry.subarray(0, 6).equals(GITLINK));
    const input = Buffer.concat(files.flatMap((entry) => [entry, NUL]));
    await this.#git(places, ["update-index", "-z", "--index-info"], { input });
    await this.#git(places, ["update-index", "-q", "--refresh"], { codes: [0, 1] });
  }

  async #measure(places: Places): Promise<string> {
    const large = new Map<string, string>();
    const seen = new Set<string>();
    for (;;) {
      const { stdout } = await this.#git(places, [
        "ls-files",
        "-z",
        "-o",
        "-m",
        "--exclude-standard",
        "--deduplicate",
      ]);
      const candidates = entries(stdout);
      if (candidates.length > MAX_NEW_FILES)
        throw new Error(
          `more than ${MAX_NEW_FILES} files are new or changed: have git ignore what tools make`,
        );
      const taken: Buffer[] = [];
      const replaced: Buffer[] = [];
      let nested = false;
      for (const candidate of candidates) {
        if (candidate.at(-1) === SLASH) {
          // A repository in the repository: git looks into it once it knows a file of it.
          const inside = seen.has(String(candidate))
            ? undefined
            : await anyFile(places.guarded.root, candidate);
          seen.add(String(candidate));
          if (inside) taken.push(inside);
          nested ||= inside !== undefined;
          continue;
        }
        const path = atRoot(places.guarded.root, candidate);
        const stats = await lstat(path).catch(() => undefined);
        if (stats?.isFile() && (stats.size > MAX_CONTENT_BYTES || !(await isReadable(path))))
          large.set(String(candidate), stampOf(stats));
        // A file was there; the files of the folder are named themselves.
        else if (stats?.isDirectory()) replaced.push(candidate);
        else taken.push(candidate);
      }
      await this.#update(places, ["--force-remove"], replaced);
      await this.#update(places, ["--add", "--remove", "--replace"], taken);
      if (taken.length + replaced.length > 0 || this.#tree === undefined)
        this.#tree = await this.#line(places, ["write-tree", "--missing-ok"]);
      if (!nested) break;
    }
    const watched = await guardedFiles(places.guarded);
    const manifest = JSON.stringify([...watched, ...large].sort(([a], [b]) => (a < b ? -1 : 1)));
    if (this.#last?.manifest !== manifest) {
      const blob = await this.#line(places, ["hash-object", "-w", "--stdin"], { input: manifest });
      this.#last = { manifest, blob };
    }
    return `${this.#tree}.${this.#last.blob}`;
  }

  async #update(places: Places, how: readonly string[], paths: readonly Buffer[]): Promise<void> {
    if (paths.length === 0) return;
    const input = Buffer.concat(paths.flatMap((path) => [path, NUL]));
    await this.#git(places, ["update-index", "-z", ...how, "--stdin"], { input });
  }

  async #treeChanges(places: Places, from: string, to: string): Promise<TreeChange[]> {
    const args = ["diff-tree", "-r", "-z", "--no-renames", "--name-status", from, to];
    const fields = entries((await this.#git(places, args)).stdout);
    const found: TreeChange[] = [];
    for (let at = 0; at + 1 < fields.length; at += 2) {
      const status = String(fields[at]);
      const kind = status === "A" ? "added" : status === "D" ? "deleted" : "modified";
      found.push({ path: String(fields[at + 1]), kind });
    }
    return found;
  }

  async #manifest(places: Places, blob: string): Promise<Map<string, string>> {
    return new Map(JSON.parse(String((await this.#git(places, ["cat-file", "blob", blob])).stdout)));
  }

  /** Indexes of processes that are gone. */
  async #removeOldIndexes(): Promise<void> {
    for (const name of await readdir(this.#folder)) {
      const pid = Number(/^index\.(\d+)\./.exec(name)?.[1]);
      if (pid > 0 && !isAlive(pid)) await rm(join(this.#folder, name), { force: true });
    }
  }

  #git(places: Places, args: readonly string[], options: Partial<GitOptions> = {}) {
    const env = {
      ...ISOLATED,
      GIT_DIR: this.#folder,
      GIT_WORK_TREE: places.guarded.root,
      GIT_INDEX_FILE: places.index,
    };
    const own = ["-c", "core.bare=false", "-c", `core.excludesFile=${places.excludes}`];
    return git([...own, ...args], { cwd: places.guarded.root, ...options, env });
  }

  async #line(places: Places, args: readonly string[], options: Partial<GitOptions> = {}): Promise<string> {
    return String((await this.#git(places, args, options)).stdout).trim();
  }
}

/** Neither the system's nor the user's configuration counts in our own repository. */
const ISOLATED = { GIT_CONFIG_NOSYSTEM: "1", GIT_CONFIG_GLOBAL: devNull, GIT_ATTR_NOSYSTEM: "1" };
const NUL = Buffer.from([0]);
const SLASH = 0x2f;
const GITLINK = Buffer.from("160000");

function atRoot(root: string, path: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${root}/`), path]);
}

async function isReadable(path: Buffer): Promise<boolean> {
  return access(path, constants.R_OK).then(
    () => true,
    () => false,
  );
}

/** Some file below the folder, relative to the root. */
async function anyFile(root: string, folder: Buffer): Promise<Buffer | undefined> {
  const names = await readdir(atRoot(root, folder), { encoding: "buffer" }).catch(() => []);
  for (const name of names) {
    if (String(name).toLowerCase() === ".git" || String(name) === "node_modules") continue;
    const path = Buffer.concat([folder, name]);
    const stats = await lstat(atRoot(root, path)).catch(() => undefined);
    if (stats?.isDirectory()) {
      const inside = await anyFile(root, Buffer.concat([path, Buffer.from("/")]));
      if (inside) return inside;
    } else if (stats) return path;
  }
  return undefined;
}

/** A path as a POSIX shell reads it. */
function quoted(path: string): string {
  return `'${path.replaceAll("'", "'\\''")}'`;
}

function manifestChanges(from: Map<string, string>, to: Map<string, string>): TreeChange[] {
  const found: TreeChange[] = [];
  for (const [path, state] of from)
    if (to.get(path) !== state) found.push({ path, kind: to.has(path) ? "modified" : "deleted" });
  for (const path of to.keys()) if (!from.has(path)) found.push({ path, kind: "added" });
  return found;
}

/** A path of the repository as the project sees it. */
function fromRoot(prefix: string, path: string): string {
  if (path.startsWith(prefix)) return path.slice(prefix.length);
  return "../".repeat(prefix.split("/").length - 1) + path;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
