import { accessSync, constants, realpathSync, statSync } from "node:fs";
import { delimiter, isAbsolute, join } from "node:path";
import { isInside } from "./servers.js";

type Variables = Readonly<Record<string, string | undefined>>;

/**
 * What a server may know of our environment. The host's Bun reads a project's `.env`, so that any other variable may
 * come from the project, such as one that names a program to run.
 */
const PASSED = [
  ...["HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "TEMP", "TMP"],
  ...["XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "GOPATH", "GOCACHE", "GOMODCACHE"],
  ...["SystemRoot", "SystemDrive", "windir", "ComSpec", "PATHEXT", "USERPROFILE", "APPDATA", "LOCALAPPDATA"],
];

/** The environment of a server: nothing in it leads into the project. */
export function serverEnvironment(variables: Variables, project: string): Record<string, string> {
  const passed = PASSED.map((name) => [name, variables[name]] as const).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && !isInside(real(entry[1]), project),
  );
  return { ...Object.fromEntries(passed), PATH: searchPath(variables, project).join(delimiter) };
}

/**
 * The program that the PATH names, its links resolved; nothing when there is none, and nothing of the project's own:
 * tools often put `node_modules/.bin` on the PATH.
 */
export function locate(name: string, variables: Variables, project: string): string | undefined {
  const endings = process.platform === "win32" ? [".exe", ".cmd", ".bat"] : [""];
  return searchPath(variables, project)
    .flatMap((folder) => endings.map((one) => join(folder, name + one)))
    .filter(isProgram)
    .map((path) => (process.platform === "win32" ? path : real(path)))
    .find((path) => !isInside(real(path), project));
}

/** Only absolute folders count: a relative one is the project's. */
function searchPath(variables: Variables, project: string): string[] {
  const path = variables["PATH"] ?? variables["Path"] ?? "";
  return path.split(delimiter).filter((folder) => isAbsolute(folder) && !isInside(real(folder), project));
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

function real(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
