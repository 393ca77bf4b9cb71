import { join } from "node:path";

/** What decides where OpenCode looks for its configuration. */
export interface Surroundings {
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** The user's home folder. */
  readonly home: string;
}

/** Whose configuration: the user's, or a project's folder. */
export type Level = { readonly kind: "user" } | { readonly kind: "project"; readonly directory: string };

/** The two halves of OpenCode that load plugins, each with files of its own. */
export type Part = "server" | "tui";
export const PARTS: readonly Part[] = ["server", "tui"];

const NAMES: Readonly<Record<Part, readonly string[]>> = {
  server: ["opencode.json", "opencode.jsonc"],
  tui: ["tui.json", "tui.jsonc"],
};

/** OpenCode's own folders: the same rule on every system. */
export function configFolder({ variables, home }: Surroundings): string {
  return join(variables["XDG_CONFIG_HOME"] || join(home, ".config"), "opencode");
}

export function dataFolder({ variables, home }: Surroundings): string {
  return join(variables["XDG_DATA_HOME"] || join(home, ".local", "share"), "opencode");
}

export function cacheFolderOf({ variables, home }: Surroundings): string {
  return join(variables["XDG_CACHE_HOME"] || join(home, ".cache"), "opencode");
}

/** Where the installer keeps its records and backups: outside of OpenCode's folders. */
export function recordFolder({ variables, home }: Surroundings): string {
  return join(variables["XDG_STATE_HOME"] || join(home, ".local", "state"), "opencode-orchestrator");
}

/** Files that OpenCode reads as one: of a key, the last that has it counts. */
export interface FileGroup {
  readonly paths: readonly string[];
  /** Arrays of several files are joined; without it, the last one's hides the others. */
  readonly joins: boolean;
}

/** The files of a level, in the order in which OpenCode reads them. */
export function configFiles(level: Level, surroundings: Surroundings, part: Part = "server"): FileGroup[] {
  if (level.kind === "project")
    return [level.directory, join(level.directory, ".opencode")].map((folder) => ({
      paths: NAMES[part].map((name) => join(folder, name)),
      joins: true,
    }));
  const { variables, home } = surroundings;
  const { OPENCODE_CONFIG_DIR: folder } = variables;
  const file = variables[part === "server" ? "OPENCODE_CONFIG" : "OPENCODE_TUI_CONFIG"];
  const names = part === "server" ? ["config.json", ...NAMES.server] : NAMES.tui;
  const global = names.map((name) => join(configFolder(surroundings), name));
  const inHome = join(home, ".opencode");
  return [
    { paths: global, joins: part === "tui" },
    ...(file ? [{ paths: [file], joins: true }] : []),
    ...[inHome, ...(folder ? [folder] : [])].map((one) => ({
      paths: NAMES[part].map((name) => join(one, name)),
      joins: true,
    })),
  ];
}

/** The file to make when a level has none. */
export function freshFile(level: Level, surroundings: Surroundings, part: Part = "server"): string {
  const folder = level.kind === "user" ? configFolder(surroundings) : level.directory;
  return join(folder, part === "server" ? "opencode.json" : "tui.json");
}
