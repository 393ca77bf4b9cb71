import { type ChildProcess, fork } from "node:child_process";
import { chmodSync, copyFileSync, existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { rgPath } from "@vscode/ripgrep";
import { inTime } from "./deadline.js";
import { environment } from "./environment.js";
import type { GrepQuery, Query, Selection } from "./generate/queries.js";
import type { Reply, Request } from "./ripgrep-process.mjs";

/** The ripgrep that is compared with; DIFFERENTIAL_RIPGREP names another one. */
const program = process.env["DIFFERENTIAL_RIPGREP"] ?? rgPath;

/** What another user starts, which only the super user can try out. */
const publicProgram = process.getuid?.() === 0 ? copyForAll() : program;

/** What a run of ripgrep said. */
export interface RipgrepRun {
  readonly commandLine: string;
  readonly stdout: Buffer;
  /** Whether it refused the pattern, a glob or the path, and so searched nothing. */
  readonly refused: boolean;
  /** ripgrep 15.0 does where a match across lines goes far beyond what it looks at again; then there is nothing to compare. */
  readonly panicked: boolean;
  /** What it could not read, or could not make sense of. */
  readonly warnings: readonly string[];
}

/** Where ripgrep runs, and the path it is given, so that its globs are anchored where ours are. */
interface Place {
  readonly cwd: string;
  readonly argument: string;
}

/** What ripgrep writes before a path below the place it runs in. */
export const SHOWN_PREFIX = "./";

export function runRipgrep(query: Query, path: string): Promise<RipgrepRun> {
  const { cwd, argument } = placeOf(path);
  const mode = query.kind === "grep" ? grepArguments(query) : ["--files", "--null", "--threads=1"];
  return run([...mode, ...selectionArguments(query), "--", argument], cwd, path);
}

function placeOf(path: string): Place {
  return isFolder(path)
    ? { cwd: path, argument: SHOWN_PREFIX }
    : { cwd: dirname(path), argument: SHOWN_PREFIX + basename(path) };
}

/** The file that an answer about `root` names. */
export function located(root: string, relative: Buffer): Buffer {
  return isFolder(root) ? Buffer.concat([Buffer.from(`${root}/`), relative]) : Buffer.from(root);
}

/** Also where a link leads to one. */
function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

function grepArguments(query: GrepQuery): string[] {
  return [
    "--json",
    "--threads=1",
    // We never map files; with maps, ripgrep looks for NUL bytes in another way.
    "--no-mmap",
    `--regexp=${query.pattern}`,
    { sensitive: "--case-sensitive", insensitive: "--ignore-case", smart: "--smart-case" }[query.case],
    ...(query.word ? ["--word-regexp"] : []),
    ...(query.literal ? ["--fixed-strings"] : []),
    ...(query.multiline ? ["--multiline"] : []),
    `--before-context=${query.before}`,
    `--after-context=${query.after}`,
  ];
}

function selectionArguments(selection: Selection): string[] {
  const dotless = (glob: string) => (glob.startsWith("./") ? glob.slice(1) : glob);
  return [
    "--no-config",
    ...selection.include.map((glob) => `--glob=${dotless(glob)}`),
    ...selection.exclude.map((glob) => `--glob=!${dotless(glob)}`),
    // We never search `.git`. The last glob wins, and one that excludes changes nothing for other files.
    "--glob=!.git",
    ...(selection.hidden ? ["--hidden"] : []),
    ...(selection.noIgnore ? ["--no-ignore"] : []),
  ];
}

async function run(args: readonly string[], cwd: string, path: string): Promise<RipgrepRun> {
  const commandLine = `cd ${JSON.stringify(cwd)} && rg ${args.map((each) => JSON.stringify(each)).join(" ")}`;
  const { code, stdout, stderr } = await inTime(started(args, cwd), () => commandLine);
  const said = stderr.toString();
  const panicked = said.includes("panicked at crates/printer");
  if (!panicked && (code === null || code < 0 || code > 2))
    throw new Error(`${commandLine}\nended with ${code}: ${said}`);
  // A warning begins with a path, below the one that we gave or of an ignore file above it; a refusal does not.
  const refused = code === 2 && (!/^rg: (\.\/|\/)/.test(said) || !existsSync(path));
  return { commandLine, stdout, refused, panicked, warnings: refused ? [] : said.split(/^rg: /m).slice(1) };
}

const waiting = new Map<number, (reply: Reply) => void>();
let starter: ChildProcess | undefined;
let serial = 0;

function started(args: readonly string[], cwd: string): Promise<Reply> {
  starter ??= openStarter();
  const id = serial++;
  const user = process.geteuid?.() === process.getuid?.() ? undefined : process.geteuid?.();
  const request: Request = {
    id,
    program: user === undefined ? program : publicProgram,
    args: [...args],
    cwd,
    env: { ...environment },
    user,
  };
  starter.send(request);
  return new Promise((resolve) => waiting.set(id, resolve));
}

/** A copy where every user may start it: the project may lie in a folder of one user alone. */
function copyForAll(): string {
  const folder = mkdtempSync(join(tmpdir(), "differential-ripgrep-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  chmodSync(folder, 0o755);
  const copy = join(folder, "rg");
  copyFileSync(program, copy);
  chmodSync(copy, 0o755);
  return copy;
}

function openStarter(): ChildProcess {
  const child = fork(fileURLToPath(new URL("./ripgrep-process.mjs", import.meta.url)), {
    serialization: "advanced",
    execArgv: [],
  });
  child.on("message", (message) => {
    const reply = message as Reply;
    waiting.get(reply.id)?.(reply);
    waiting.delete(reply.id);
  });
  child.unref();
  child.channel?.unref();
  return child;
}
