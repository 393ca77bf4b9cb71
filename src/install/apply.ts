import { dirname } from "node:path";
import {
  assertWritable,
  attempt,
  type FileSystem,
  makeFolders,
  removeFile,
  removeFolders,
  replaceFile,
} from "./files.js";
import { recordFolder, type Surroundings } from "./locations.js";
import type { FileChange } from "./plan.js";
import { Records } from "./record.js";

export interface ApplyPorts {
  readonly files: FileSystem;
  readonly surroundings: Surroundings;
  readonly now: () => Date;
}

/** What was done to a file. */
export interface Applied {
  readonly written: boolean;
  /** A copy of the file as it was. */
  readonly backup?: string;
}

/** @throws InstallError `ERR_READ_ONLY` when the change could not be made. */
export function assertApplicable({ target, before, after }: FileChange, files: FileSystem): void {
  if (before && !isSame(before, after)) assertWritable(files, target);
}

/**
 * Makes one change: the file is what it was or what it shall be, whatever fails. The record is written first: one
 * without its entry does no harm, and an entry without its record could not be taken back exactly.
 * @throws InstallError
 */
export function apply(change: FileChange, { files, surroundings, now }: ApplyPorts): Applied {
  const { target, before, after } = change;
  const records = new Records(files, recordFolder(surroundings));
  if (isSame(before, after)) return { written: false };
  assertApplicable(change, files);
  const known = records.read(target);
  // A file that was made for the entry goes as it came.
  const backup = before && after && records.backup(target, before, now());
  const folders = after && !before ? makeFolders(files, dirname(target)) : [];
  try {
    if (typeof change.record === "object") records.write({ path: target, ...change.record, folders });
    if (after) replaceFile(files, target, after, before);
    else if (before) removeFile(files, target, before);
  } catch (error) {
    // A file that was not written needs none of it.
    if (typeof change.record === "object") attempt(() => records.remove(target));
    removeFolders(files, folders);
    throw error;
  }
  if (change.record === "forget") records.remove(target);
  if (!after) removeFolders(files, known?.folders ?? []);
  return { written: true, ...(backup && { backup }) };
}

function isSame(before: Buffer | undefined, after: Buffer | undefined): boolean {
  return before === after || (before !== undefined && after !== undefined && before.equals(after));
}
