import { existsSync, linkSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

/**
 * `changed`: somebody else's file is in place, and was left alone. `lost` is what somebody wrote at the very moment that
 * the file was replaced, and what is no longer in place.
 */
export interface Replacement {
  readonly kind: "changed" | "replaced";
  readonly lost?: string | undefined;
}

/**
 * Puts a whole text in the place of a file, never over what the caller has not read. A rename over the file would be
 * simpler, and would swallow another process's rename that comes right before it. So the file is taken away by a rename,
 * which gets whatever is there, and the new one is put in place by a link, which takes nobody's place. Between these two
 * system calls there is no file; the old one has a second name by then, which `restore` finds after a crash.
 * @param expected the content that is to be replaced; undefined when there must be no file.
 */
export async function replaceFile(
  path: string,
  text: string,
  expected: string | undefined,
): Promise<Replacement> {
  const temporary = `${path}.${process.pid}.tmp`;
  const old = `${path}.${process.pid}${TAKEN}`;
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(temporary, text);
    // From here on nothing is awaited.
    if (readOrNothing(path) !== expected) return { kind: "changed" };
    if (expected !== undefined) renameSync(path, old);
    const kind = putInPlace(temporary, path);
    // As it is, even in the middle of a character: there is no second look at it.
    const taken = expected === undefined ? undefined : readFileSync(old, "utf8");
    return taken === expected ? { kind } : { kind, lost: taken };
  } finally {
    rmSync(temporary, { force: true });
    if (existsSync(path)) rmSync(old, { force: true });
  }
}

const TAKEN = ".old";

/** Puts a file back that was taken away by a process which then died. */
export function restore(path: string): void {
  if (existsSync(path) || !existsSync(dirname(path))) return;
  const taken = readdirSync(dirname(path)).find(
    (name) => name.startsWith(`${basename(path)}.`) && name.endsWith(TAKEN),
  );
  if (taken === undefined) return;
  const old = join(dirname(path), taken);
  // Where that process is still at work, it finds its place taken, and reads what is there.
  if (putInPlace(old, path) === "replaced") rmSync(old, { force: true });
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * The file's content, or undefined when there is none.
 * @throws Error when it is not UTF-8: what cannot be read must not be written over.
 */
export function readOrNothing(path: string): string | undefined {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  try {
    return utf8.decode(bytes);
  } catch {
    throw new Error(`${path} is not UTF-8`);
  }
}

/** A link, unlike a rename, never takes the place of a file that somebody else has just made. */
function putInPlace(from: string, path: string): Replacement["kind"] {
  try {
    linkSync(from, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return "changed";
    // Some file systems have no links.
    renameSync(from, path);
  }
  return "replaced";
}
