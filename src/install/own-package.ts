import { dirname, join, sep } from "node:path";
import { pathToFileURL } from "node:url";
import { PACKAGE, type PackageNameAt } from "./entries.js";
import { InstallError } from "./errors.js";
import type { FileSystem } from "./files.js";
import type { Part } from "./locations.js";

/** The package that is running. */
export interface OwnPackage {
  readonly root: string;
  readonly version: string;
}

interface Manifest {
  readonly folder: string;
  readonly name?: string;
  readonly version?: string;
}

/** The package that a file of it belongs to. */
export function ownPackage(files: FileSystem, from: string): OwnPackage {
  const found = manifestAbove(files, from);
  if (found?.name !== PACKAGE)
    throw new InstallError("ERR_PACKAGE", from, `the package.json of ${PACKAGE} is not above ${from}`);
  return { root: found.folder, version: found.version ?? "0.0.0" };
}

/**
 * What OpenCode's configuration shall name. A package from npm is named with its version, because OpenCode never refreshes
 * one that it has fetched without; a checkout is named by its built file.
 * @throws InstallError `ERR_PACKAGE` for a checkout that is not built.
 */
export function ownSpec(files: FileSystem, { root, version }: OwnPackage, part: Part = "server"): string {
  if (root.split(sep).includes("node_modules")) return `${PACKAGE}@${version}`;
  const built = join(root, "dist", `${part}.js`);
  if (!files.existsSync(built))
    throw new InstallError("ERR_PACKAGE", built, `${built} is not there: build the plugin first (npm start)`);
  return pathToFileURL(built).href;
}

/** Reads the name of the package that a path is in. */
export function packageNames(files: FileSystem): PackageNameAt {
  return (path) => manifestAbove(files, path)?.name;
}

function manifestAbove(files: FileSystem, path: string): Manifest | undefined {
  // A folder may be named itself.
  for (let folder = path; ; folder = dirname(folder)) {
    const manifest = readManifest(files, join(folder, "package.json"));
    // Without a name it only sets the type of its modules.
    if (manifest?.name !== undefined) return { ...manifest, folder };
    if (dirname(folder) === folder) return undefined;
  }
}

/** The name and version of a `package.json`; `undefined` when there is none that can be read. */
export function readManifest(
  files: Pick<FileSystem, "readFileSync">,
  path: string,
): { name?: string; version?: string } | undefined {
  try {
    const { name, version } = JSON.parse(files.readFileSync(path, "utf8")) as Record<string, unknown>;
    return {
      ...(typeof name === "string" && { name }),
      ...(typeof version === "string" && { version }),
    };
  } catch {
    return undefined;
  }
}
