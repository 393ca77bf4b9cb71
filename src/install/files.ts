import { randomUUID } from "node:crypto";
import type * as fs from "node:fs";
import { basename, dirname, join } from "node:path";
import { InstallError } from "./errors.js";

/** The file operations that the installer needs: `node:fs`, or a test's. */
export type FileSystem = Pick<
  typeof fs,
  | "accessSync"
  | "closeSync"
  | "existsSync"
  | "fchmodSync"
  | "fchownSync"
  | "fsyncSync"
  | "lstatSync"
  | "mkdirSync"
  | "openSync"
  | "readdirSync"
  | "readFileSync"
  | "realpathSync"
  | "renameSync"
  | "rmdirSync"
  | "statSync"
  | "unlinkSync"
  | "writeSync"
>;

const WRITE = 2;

/** The bytes of a file; `undefined` when there is none. */
export function readIfAny(files: FileSystem, path: string): Buffer | undefined {
  try {
    return files.readFileSync(path);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw failed(path, "cannot be read", error);
  }
}

/**
 * The file that a path means, behind its links.
 * @throws InstallError for a link that leads nowhere.
 */
export function resolved(files: FileSystem, path: string): string {
  try {
    return files.realpathSync(path);
  } catch (error) {
    if (codeOf(error) !== "ENOENT") throw failed(path, "cannot be read", error);
    if (files.lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink())
      throw new InstallError(
        "ERR_CONFIG",
        path,
        `${path} is a link to a file that is not there: create that file or remove the link`,
      );
    return path;
  }
}

/** @throws InstallError `ERR_READ_ONLY`, also for who could write it all the same (root, or by way of the folder) */
export function assertWritable(files: FileSystem, path: string): void {
  const mode = files.statSync(path).mode;
  try {
    if ((mode & 0o222) === 0) throw new Error("no write permission");
    files.accessSync(path, WRITE);
  } catch (error) {
    const hint = `make it writable (chmod u+w ${path}) or add the plugin there by hand; nothing was changed`;
    throw new InstallError("ERR_READ_ONLY", path, `${path} is read-only: ${hint}`, { cause: error });
  }
}

/**
 * Replaces a file as a whole: written beside it, read back, synced, and renamed over it. Whatever fails, the file is what
 * it was or what it shall be. Mode and owner are kept.
 *
 * @param expected what the file must still hold; `undefined`: there is none
 * @throws InstallError `ERR_CHANGED`, `ERR_IO`, `ERR_READ_ONLY` (the folder)
 */
export function replaceFile(
  files: FileSystem,
  path: string,
  bytes: Buffer,
  expected: Buffer | undefined,
  mode = 0o644,
): void {
  const temporary = join(dirname(path), `.${basename(path)}.${randomUUID()}.tmp`);
  try {
    writeTemporary(files, temporary, bytes, expected && files.statSync(path), mode);
    if (!files.readFileSync(temporary).equals(bytes))
      throw new Error("what was written reads back differently");
    assertUnchanged(files, path, expected);
    files.renameSync(temporary, path);
  } catch (error) {
    attempt(() => files.unlinkSync(temporary));
    if (error instanceof InstallError) throw error;
    throw failed(path, "cannot be written", error);
  }
  // The file is whole either way; this is for a power cut, and not every system can do it.
  attempt(() => syncFolder(files, dirname(path)));
}

/** Removes a file. @throws InstallError `ERR_CHANGED`, `ERR_IO` */
export function removeFile(files: FileSystem, path: string, expected: Buffer): void {
  try {
    assertUnchanged(files, path, expected);
    files.unlinkSync(path);
  } catch (error) {
    if (error instanceof InstallError) throw error;
    throw failed(path, "cannot be removed", error);
  }
}

/** Makes a folder and those above it. Answers those that were made, the outermost first. */
export function makeFolders(files: FileSystem, path: string, mode = 0o777): string[] {
  const missing: string[] = [];
  for (let at = path; !files.existsSync(at); at = dirname(at)) missing.unshift(at);
  try {
    for (const folder of missing) files.mkdirSync(folder, { mode });
  } catch (error) {
    throw failed(path, "cannot be created", error);
  }
  return missing;
}

/** Removes the folders that are empty. */
export function removeFolders(files: FileSystem, folders: readonly string[]): void {
  for (const folder of folders.toReversed()) attempt(() => files.rmdirSync(folder));
}

/** Does what need not succeed; answers what it gave. */
export function attempt<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch {
    // It is tidying up: what went wrong before, or what was done, counts.
    return undefined;
  }
}

function assertUnchanged(files: FileSystem, path: string, expected: Buffer | undefined): void {
  const now = readIfAny(files, path);
  if (expected === undefined ? now === undefined : now?.equals(expected)) return;
  throw new InstallError(
    "ERR_CHANGED",
    path,
    `${path} was changed by somebody else meanwhile: run this again; nothing was changed`,
  );
}

function writeTemporary(
  files: FileSystem,
  path: string,
  bytes: Buffer,
  original: fs.Stats | undefined,
  mode: number,
): void {
  const file = files.openSync(path, "wx", 0o600);
  try {
    for (let done = 0; done < bytes.length; ) done += files.writeSync(file, bytes, done);
    if (original) attempt(() => files.fchownSync(file, original.uid, original.gid));
    files.fchmodSync(file, (original?.mode ?? mode) & 0o7777);
    files.fsyncSync(file);
  } finally {
    files.closeSync(file);
  }
}

function syncFolder(files: FileSystem, folder: string): void {
  const handle = files.openSync(folder, "r");
  try {
    files.fsyncSync(handle);
  } finally {
    files.closeSync(handle);
  }
}

function failed(path: string, what: string, cause: unknown): InstallError {
  const code = codeOf(cause);
  const message = cause instanceof Error ? cause.message : String(cause);
  if (code === "EACCES" || code === "EPERM" || code === "EROFS")
    return new InstallError(
      "ERR_READ_ONLY",
      path,
      `${path} ${what}: ${message}. Allow your user to write there; nothing was changed`,
      { cause },
    );
  return new InstallError("ERR_IO", path, `${path} ${what}: ${message}`, { cause });
}

function codeOf(error: unknown): unknown {
  return (error as { code?: unknown } | undefined)?.code;
}
