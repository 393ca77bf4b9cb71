/** The log file: written by every process of a user, rotated, with secrets masked; and read again by `logs`. */
export { LOG_LIMITS, LogFile, type LogLimits } from "./file.js";
export { LOG_NAME, type LogPlace, logPlaces } from "./location.js";
export { fileLog, type LogEntry } from "./log.js";
export { maskSecrets } from "./mask.js";
export { followLog, logFiles, readLog } from "./read.js";
