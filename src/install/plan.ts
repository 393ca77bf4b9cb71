import { type ConfigText, decodeConfig, encodeConfig, parseConfig, pluginArrays } from "./config-text.js";
import { addEntry, ourEntries, removeEntries, type Subject } from "./edit.js";
import { isOurs } from "./entries.js";
import { type FileSystem, readIfAny, resolved } from "./files.js";
import {
  configFiles,
  freshFile,
  type Level,
  PARTS,
  type Part,
  recordFolder,
  type Surroundings,
} from "./locations.js";
import { packageNames } from "./own-package.js";
import { type InstallRecord, Records } from "./record.js";

/** What shall happen to one file. Nothing happens where `after` is `before`. */
export interface FileChange {
  /** As OpenCode names it. */
  readonly path: string;
  /** The file behind its links: what is written. */
  readonly target: string;
  /** `undefined`: there is no such file. */
  readonly before: Buffer | undefined;
  readonly after: Buffer | undefined;
  /** What to remember of it: kept as it is, put down, or forgotten. */
  readonly record: "keep" | "forget" | Omit<InstallRecord, "path" | "folders">;
}

export interface PlanPorts {
  readonly files: FileSystem;
  readonly surroundings: Surroundings;
}

/** A configuration file that is there. */
interface ConfigFile {
  readonly path: string;
  readonly target: string;
  readonly bytes: Buffer;
  readonly text: ConfigText;
  readonly subject: Subject;
  readonly hasPlugins: boolean;
  readonly listsUs: boolean;
}

const fresh = (schema: string) => `{\n  "$schema": "https://opencode.ai/${schema}.json"\n}\n`;
const FRESH: Readonly<Record<Part, string>> = { server: fresh("config"), tui: fresh("tui") };

/**
 * The one change that makes OpenCode load `spec` at a level. An entry that is there, in whatever version, is changed to
 * it; otherwise it goes where OpenCode reads plugins already, or else into the file that counts most.
 * @throws InstallError
 */
export function planInstall(level: Level, spec: string, ports: PlanPorts, part: Part = "server"): FileChange {
  const groups = configFiles(level, ports.surroundings, part).map(({ paths, joins }) => {
    const there = paths.flatMap((path) => configFile(path, ports) ?? []);
    const counting = joins ? there : there.filter((file) => file.hasPlugins).slice(-1);
    return { there, counting };
  });
  const listing = groups.flatMap(({ counting }) => counting).findLast((file) => file.listsUs);
  // What the environment names on top is not the level's own.
  const own = level.kind === "user" ? groups.slice(0, 1) : groups.toReversed();
  const file =
    listing ??
    own.flatMap(({ counting }) => counting).findLast((one) => one.hasPlugins) ??
    own.flatMap(({ there }) => there).at(-1);
  if (!file) return freshInstall(freshFile(level, ports.surroundings, part), spec, FRESH[part], ports);
  const { body, insertion } = addEntry(file.subject, spec);
  return changed(file, body, insertion ? { insertion } : "keep");
}

/** The changes after which no file of a level names the plugin. @throws InstallError */
export function planUninstall(level: Level, ports: PlanPorts): FileChange[] {
  const records = new Records(ports.files, recordFolder(ports.surroundings));
  return allFiles(level, ports).flatMap((path) => {
    const file = configFile(path, ports);
    if (!file?.listsUs) return [];
    const record = records.read(file.target);
    const body = removeEntries(file.subject, record?.insertion);
    const change = changed(file, body, "forget");
    return [record?.fresh === body ? { ...change, after: undefined } : change];
  });
}

/** Of both parts. */
function allFiles(level: Level, { surroundings }: PlanPorts): string[] {
  return PARTS.flatMap((part) => configFiles(level, surroundings, part)).flatMap((group) => group.paths);
}

/**
 * The changes that put back the files of a level that were edited last, and together, as they were before. What is there
 * now is kept as a copy, so that a second one undoes the first.
 * @throws InstallError
 */
export function planRollback(level: Level, { files, surroundings }: PlanPorts): FileChange[] {
  const records = new Records(files, recordFolder(surroundings));
  const edited = allFiles(level, { files, surroundings }).flatMap((path) => {
    const target = resolved(files, path);
    const copy = records.latest(target);
    return copy ? [{ path, target, copy }] : [];
  });
  // The files of one command have copies of one time.
  const last = edited
    .map(({ copy }) => copy.time)
    .sort()
    .at(-1);
  return edited
    .filter(({ copy }) => copy.time === last)
    .map(({ path, target, copy }) => ({
      path,
      target,
      before: readIfAny(files, target),
      after: copy.bytes,
      record: "forget",
    }));
}

function freshInstall(path: string, spec: string, empty: string, ports: PlanPorts): FileChange {
  const { body, insertion } = addEntry(subjectOf(path, empty, ports), spec);
  if (!insertion) throw new Error("unreachable: a new file has no entry");
  return {
    path,
    target: resolved(ports.files, path),
    before: undefined,
    after: Buffer.from(body),
    record: { insertion, fresh: empty },
  };
}

function changed(file: ConfigFile, body: string, record: FileChange["record"]): FileChange {
  const { path, target, bytes } = file;
  return { path, target, before: bytes, after: encodeConfig({ ...file.text, body }), record };
}

function configFile(path: string, ports: PlanPorts): ConfigFile | undefined {
  const target = resolved(ports.files, path);
  const bytes = readIfAny(ports.files, target);
  if (!bytes) return undefined;
  const text = decodeConfig(bytes, path);
  const subject = subjectOf(path, text.body, ports);
  const hasPlugins = pluginArrays(parseConfig(text.body, path), text.body, path).length > 0;
  return { path, target, bytes, text, subject, hasPlugins, listsUs: ourEntries(subject).length > 0 };
}

function subjectOf(path: string, body: string, { files }: PlanPorts): Subject {
  const nameAt = packageNames(files);
  return { body, path, isOurs: (spec) => isOurs(spec, path, nameAt) };
}
