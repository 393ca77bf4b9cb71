/**
 * The real OpenCode with a scripted model: what the in-host tests and the demo run on.
 *
 * No key and no network is needed; everything is on a home and in projects of its own.
 */
export { EventStream, type HostEvent } from "./event-stream.js";
export {
  type Attempt,
  type MissionPlay,
  missionCast,
  type ReviewerPart,
  type WorkerPart,
  workingDirectory,
} from "./mission-cast.js";
export type { CallsReply, Reply, TextReply, ToolCall, Usage } from "./model-reply.js";
export {
  type ChatMessage,
  contentText,
  type ModelRequest,
  type Purpose,
  type ToolResult,
} from "./model-request.js";
export { type Exchange, type Outcome, ScriptedModel, type ScriptedModelOptions } from "./model-server.js";
export { openCodeBinary, openCodeVersion } from "./opencode-binary.js";
export {
  type HomeOptions,
  OpenCodeHome,
  type PluginSpec,
  prepareProject,
  SCRIPTED_PROVIDER,
} from "./opencode-home.js";
export {
  OpenCodeHost,
  type RunOptions,
  type RunResult,
  runOpenCode,
  type ServeOptions,
} from "./opencode-host.js";
export { createProject, Project } from "./projects.js";
export {
  agentByHeading,
  byAgent,
  type DetectAgent,
  inOrder,
  type Script,
  type ScriptContext,
} from "./script.js";
export { Terminal, type TerminalOptions } from "./terminal.js";
export { pause, WaitTimeoutError, waitUntil } from "./wait-until.js";
