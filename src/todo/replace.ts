import { linkSync, readFileSync, renameSync, rmSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";

/**
 * `changed`: the file is not what the caller has read, and was left alone. `replaced` with `lost`: somebody wrote into
 * the file at the very moment that it was replaced; `lost` is what they wrote.
 */
export type Replacement =
  | { readonly kind: "changed" }
  | { readonly kind: "replaced"; readonly lost?: string | undefined };

/**
 * Puts a text in the place of a file, whole: readers see the old one or the new one. Writes nothing over what the
 * caller has not read: the file is compared right before the rename, and once more behind it through a second name, for
 * those who write into the old file while it goes. Between the comparison and the rename, a few system calls, another
 * process's rename can still be overwritten: no portable call exchanges two files.
 * @param expected the content that is to be replaced; undefined when there must be no file.
 */
export async function replaceFile(
  path: string,
  text: string,
  expected: string | undefined,
): Promise<Replacement> {
  const temporary = `${path}.${process.pid}.tmp`;
  const old = `${path}.${process.pid}.old`;
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(temporary, text);
    // From here on nothing is awaited: what is between the look and the rename is as short as it can be.
    if (readOrNothing(path) !== expected) return { kind: "changed" };
    if (expected === undefined) return create(temporary, path);
    const isLinked = link(path, old) === "linked";
    renameSync(temporary, path);
    // As it is, even in the middle of a character: there is no second look at it.
    const replaced = isLinked ? readFileSync(old, "utf8") : expected;
    return replaced === expected ? { kind: "replaced" } : { kind: "replaced", lost: replaced };
  } finally {
    rmSync(temporary, { force: true });
    rmSync(old, { force: true });
  }
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
function create(temporary: string, path: string): Replacement {
  const outcome = link(temporary, path);
  if (outcome === "taken") return { kind: "changed" };
  if (outcome === "unsupported") renameSync(temporary, path);
  return { kind: "replaced" };
}

function link(from: string, to: string): "linked" | "taken" | "unsupported" {
  try {
    linkSync(from, to);
    return "linked";
  } catch (error) {
    // Some file systems have no links.
    return (error as NodeJS.ErrnoException).code === "EEXIST" ? "taken" : "unsupported";
  }
}
