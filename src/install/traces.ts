import { join } from "node:path";
import { cacheFolder, stateFolder } from "../node/index.js";
import { PACKAGE } from "./entries.js";
import type { FileSystem } from "./files.js";
import { cacheFolderOf, type Level, recordFolder, type Surroundings } from "./locations.js";

/** A file or folder of ours, or of the package's, and what it is. */
export interface Trace {
  readonly path: string;
  readonly what: string;
}

/**
 * What is left of the plugin besides the configuration: for a project the state of its missions; for the user the copies that
 * OpenCode has fetched, indexes, and the installer's records. Those stay while a configuration that they are about is installed.
 */
export function traces(
  level: Level,
  { files, surroundings }: { readonly files: FileSystem; readonly surroundings: Surroundings },
): Trace[] {
  if (level.kind === "project")
    return present(files, [{ path: stateFolder(level.directory), what: "the state of its missions" }]);
  const packages = join(cacheFolderOf(surroundings), "packages");
  const copies = namesIn(files, packages)
    .filter((name) => name === PACKAGE || name.startsWith(`${PACKAGE}@`))
    .map((name) => ({ path: join(packages, name), what: "OpenCode's copy of the package" }));
  const records = recordFolder(surroundings);
  const isInUse = namesIn(files, join(records, "installed")).length > 0;
  return present(files, [
    ...copies,
    { path: cacheFolder("", surroundings), what: "search indexes" },
    isInUse
      ? { path: join(records, "backups"), what: "backups of configuration files" }
      : { path: records, what: "backups of configuration files, and the installer's records" },
  ]);
}

function present(files: FileSystem, all: readonly Trace[]): Trace[] {
  return all.filter(({ path }) => files.existsSync(path));
}

function namesIn(files: FileSystem, folder: string): string[] {
  return files.existsSync(folder) ? files.readdirSync(folder) : [];
}
