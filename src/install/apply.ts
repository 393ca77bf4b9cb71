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
import { type InstallRecord, Records } from "./record.js";

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

/**
 * Makes several changes, or none: when one fails, those before it are taken back. Each file is whole at any moment; a
 * process that dies between two leaves the first done, and the next run does the rest.
 * @throws InstallError
 */
export function applyAll(changes: readonly FileChange[], ports: ApplyPorts): Applied[] {
  for (const change of changes) assertApplicable(change, ports.files);
  const records = new Records(ports.files, recordFolder(ports.surroundings));
  const done: {
    readonly change: FileChange;
    readonly known: InstallRecord | undefined;
    readonly applied: Applied;
  }[] = [];
  try {
    for (const change of changes) {
      const known = records.read(change.target);
      done.push({ change, known, applied: apply(change, ports) });
    }
  } catch (error) {
    for (const { change, known, applied } of done.toReversed())
      if (applied.written) takeBack(change, known, records, ports.files);
    throw error;
  }
  return done.map(({ applied }) => applied);
}

/** The file and its record as they were before a change that was made. */
function takeBack(
  { target, before, after }: FileChange,
  known: InstallRecord | undefined,
  records: Records,
  files: FileSystem,
): void {
  const folders = attempt(() => records.read(target)?.folders) ?? [];
  attempt(() => {
    if (!before && after) {
      removeFile(files, target, after);
      removeFolders(files, folders);
    } else if (before) {
      makeFolders(files, dirname(target));
      replaceFile(files, target, before, after);
    }
    if (known) records.write(known);
    else records.remove(target);
  });
}

function isSame(before: Buffer | undefined, after: Buffer | undefined): boolean {
  return before === after || (before !== undefined && after !== undefined && before.equals(after));
}
