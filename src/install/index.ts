/** Puts the plugin into OpenCode's configuration and takes it out again, to the byte. */
export { type Applied, type ApplyPorts, apply, applyAll, assertApplicable } from "./apply.js";
export { configValue, decodeConfig, parseConfig, placeOf, pluginArrays } from "./config-text.js";
export { unifiedDiff } from "./diff.js";
export { addEntry, type Edited, type Insertion, ourEntries, removeEntries, type Subject } from "./edit.js";
export { entriesOf, identity, isOurs, PACKAGE, type PackageNameAt, specPath } from "./entries.js";
export { InstallError, type InstallErrorCode } from "./errors.js";
export type { FileSystem } from "./files.js";
export {
  cacheFolderOf,
  configFiles,
  configFolder,
  dataFolder,
  type FileGroup,
  freshFile,
  type Level,
  PARTS,
  type Part,
  recordFolder,
  type Surroundings,
} from "./locations.js";
export { type OwnPackage, ownPackage, ownSpec, packageNames, readManifest } from "./own-package.js";
export { type FileChange, type PlanPorts, planInstall, planRollback, planUninstall } from "./plan.js";
export { type Trace, traces } from "./traces.js";
