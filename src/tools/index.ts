export { COMMAND_PERMISSION } from "./consent.js";
export { memoryTool } from "./memory.js";
export { missionTools } from "./mission.js";
export { searchTools } from "./search.js";
