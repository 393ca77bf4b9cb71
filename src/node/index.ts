export { ProjectChecks } from "./checks.js";
export { systemClock } from "./clock.js";
export { fileLog, LOG_PATH } from "./log.js";
export { processOwner } from "./owner.js";
export { cacheFolder, conflictFile, stateFile, stateFolder, todoFile } from "./paths.js";
export { SystemPressure } from "./pressure.js";
export { watchState } from "./state-changes.js";
