export { type Diagnose, filesOf, ProjectChecks } from "./checks.js";
export { systemClock } from "./clock.js";
export { processOwner } from "./owner.js";
export { cacheFolder, conflictFile, memoryFile, stateFile, stateFolder, todoFile } from "./paths.js";
export { SystemPressure } from "./pressure.js";
