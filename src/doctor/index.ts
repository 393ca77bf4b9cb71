/** Finds and explains what keeps the plugin from working. It changes nothing. */
export type { Finding, Status } from "./check.js";
export { examine } from "./examine.js";
export { findProgram, thisMachine } from "./machine.js";
export type { DoctorPorts, MissionLease, Ran, StateReport } from "./ports.js";
export { inspectState } from "./state-report.js";
