import { dirname, join } from "node:path";
import {
  configFiles,
  configFolder,
  configValue,
  decodeConfig,
  entriesOf,
  type FileGroup,
  InstallError,
  identity,
  isOurs,
  packageNames,
  parseConfig,
  pluginArrays,
} from "../install/index.js";
import type { DoctorPorts } from "./ports.js";

/** A configuration file that is there. */
export interface ConfigFile {
  readonly path: string;
  readonly value: Readonly<Record<string, unknown>>;
  /** Why it cannot be used. */
  readonly problem?: string;
  /** Whether OpenCode reads the file. */
  readonly read: boolean;
  /** Why OpenCode does not take its plugins; absent where it does. */
  readonly unread?: string;
  /** Our entries' specs. */
  readonly ours: readonly string[];
}

/** An entry of ours in a file. */
export interface Listing {
  readonly file: ConfigFile;
  readonly spec: string;
  readonly identity: string;
}

/** What OpenCode is configured with in a project. */
export interface Configuration {
  /** In the order in which OpenCode reads them, and then those that it never reads. */
  readonly files: readonly ConfigFile[];
  /** Our entries that OpenCode sees. */
  readonly listings: readonly Listing[];
  /** The folders that OpenCode reads agents, commands and plugins from, and installs its packages into. */
  readonly folders: readonly string[];
}

/** Reads every file that OpenCode reads in the project, and those where people put a configuration in vain. */
export function readConfiguration(ports: DoctorPorts): Configuration {
  const { surroundings } = ports;
  const { OPENCODE_DISABLE_PROJECT_CONFIG: off, OPENCODE_CONFIG_DIR: extra } = surroundings.variables;
  const folders = upwards(ports);
  const projectFiles = folders
    .toReversed()
    .flatMap((folder) => configFiles({ kind: "project", directory: folder }, surroundings));
  const user = configFiles({ kind: "user" }, surroundings);
  const disabled = isOn(off) ? "OPENCODE_DISABLE_PROJECT_CONFIG is set" : undefined;
  const known = new Set<string>();
  const files = [
    ...user.flatMap((group) => readGroup(group, ports, known)),
    ...projectFiles.flatMap((group) => readGroup(group, ports, known, disabled)),
    ...inVariable(ports),
    ...readGroup({ paths: strayPaths(ports), joins: true }, ports, known, "OpenCode never reads this file"),
  ];
  const listings = files.flatMap((file) =>
    file.unread === undefined
      ? file.ours.map((spec) => ({ file, spec, identity: identity(spec, file.path) }))
      : [],
  );
  const inProject = disabled ? [] : folders.map((folder) => join(folder, ".opencode"));
  const all = [configFolder(surroundings), ...inProject, join(surroundings.home, ".opencode")];
  const existing = [...all, ...(extra ? [extra] : [])].filter(
    (folder, index) => index === 0 || ports.files.existsSync(folder),
  );
  return { files, listings, folders: [...new Set(existing)] };
}

/** Whether a switch of OpenCode's is on. */
export function isOn(value: string | undefined): boolean {
  return value !== undefined && /^(1|true)$/i.test(value);
}

/** The project's folder and those above it, up to the root of its repository; the innermost first. */
function upwards({ files, directory }: DoctorPorts): string[] {
  const folders = [directory];
  for (let at = directory; !files.existsSync(join(at, ".git")); at = dirname(at)) {
    if (dirname(at) === at) break;
    folders.push(dirname(at));
  }
  return folders;
}

function readGroup(
  { paths, joins }: FileGroup,
  ports: DoctorPorts,
  known: Set<string>,
  unread?: string,
): ConfigFile[] {
  const there = paths.flatMap((path) => {
    if (known.has(path)) return [];
    known.add(path);
    return readFile(path, ports) ?? [];
  });
  const last = there.findLast(({ value }) => Array.isArray(value["plugin"]));
  return there.map((file) => {
    const why = unread ?? (joins || file === last || !last ? undefined : `"plugin" in ${last.path} hides it`);
    return { ...file, read: unread === undefined, ...(why !== undefined && { unread: why }) };
  });
}

function readFile(path: string, ports: DoctorPorts): ConfigFile | undefined {
  try {
    return fileOf(path, ports.files.readFileSync(path), ports);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    return { path, value: {}, ours: [], read: true, problem: `${path} cannot be read: ${message}` };
  }
}

/** A configuration that stands in the environment. */
function inVariable(ports: DoctorPorts): ConfigFile[] {
  const name = "OPENCODE_CONFIG_CONTENT";
  const content = ports.surroundings.variables[name];
  return content ? [fileOf(join(ports.directory, name), Buffer.from(content), ports)] : [];
}

function fileOf(path: string, bytes: Buffer, { files }: DoctorPorts): ConfigFile {
  try {
    const { body } = decodeConfig(bytes, path);
    const nameAt = packageNames(files);
    // Of several arrays in one file, the last counts.
    const array = pluginArrays(parseConfig(body, path), body, path).at(-1);
    const specs = (array ? entriesOf(array) : []).map(({ spec }) => spec);
    const ours = specs.filter((spec) => isOurs(spec, path, nameAt));
    return { path, value: configValue(body), ours, read: true };
  } catch (error) {
    if (!(error instanceof InstallError)) throw error;
    return { path, value: {}, ours: [], read: true, problem: error.message };
  }
}

/** Where people put a configuration that OpenCode does not read. */
function strayPaths({ surroundings, directory, platform }: DoctorPorts): string[] {
  const { home, variables } = surroundings;
  const folders = [
    join(home, ".config", "opencode"),
    ...(platform === "darwin" ? [join(home, "Library", "Application Support", "opencode")] : []),
    ...(platform === "win32" && variables["APPDATA"] ? [join(variables["APPDATA"], "opencode")] : []),
  ];
  return [
    ...folders.flatMap((folder) => ["opencode.json", "opencode.jsonc"].map((name) => join(folder, name))),
    join(configFolder(surroundings), "..", "opencode.json"),
    join(home, ".opencode.json"),
    join(directory, ".opencode.json"),
    join(directory, ".opencode", "config.json"),
  ];
}
