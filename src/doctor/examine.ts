import type { Check, Finding } from "./check.js";
import { configurationFiles } from "./checks/configuration-files.js";
import { firstStart } from "./checks/first-start.js";
import { git } from "./checks/git.js";
import { languageServers } from "./checks/language-servers.js";
import { missionState } from "./checks/mission-state.js";
import { model } from "./checks/model.js";
import { nativeCore } from "./checks/native-core.js";
import { openCode } from "./checks/opencode.js";
import { pluginCache } from "./checks/plugin-cache.js";
import { pluginEntry } from "./checks/plugin-entry.js";
import { projectFolder } from "./checks/project-folder.js";
import { terminalPart } from "./checks/terminal-part.js";
import { readConfiguration } from "./configuration.js";
import type { DoctorPorts } from "./ports.js";

const CHECKS: readonly Check[] = [
  openCode,
  configurationFiles,
  pluginEntry,
  terminalPart,
  pluginCache,
  nativeCore,
  model,
  git,
  projectFolder,
  missionState,
  firstStart,
  languageServers,
];

/** Runs every check, one after another. A check that breaks is a finding, and the others go on. */
export async function examine(ports: DoctorPorts): Promise<Finding[]> {
  const examination = { ports, configuration: readConfiguration(ports) };
  const findings: Finding[] = [];
  for (const { name, run } of CHECKS) {
    try {
      for (const result of await run(examination)) findings.push({ check: name, ...result });
    } catch (error) {
      const found = `this could not be checked: ${error instanceof Error ? error.message : String(error)}`;
      const fix = "what it says is what this machine refused: allow that, and run it again";
      findings.push({ check: name, status: "failed", found, fix });
    }
  }
  return findings;
}
