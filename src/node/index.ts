export { type Diagnose, filesOf, ProjectChecks } from "./checks.js";
export { systemClock } from "./clock.js";
export { processOwner } from "./owner.js";
export {
  cacheFolder,
  conflictFile,
  memoryFile,
  stateFile,
  stateFolder,
  todoFile,
  treeFolder,
} from "./paths.js";
export { SystemPressure } from "./pressure.js";
export { watchState } from "./state-changes.js";
