import { stateFile } from "../../node/index.js";
import { type Check, type Examination, failed, ok, type Result, warning } from "../check.js";
import type { MissionLease } from "../ports.js";

/** The project's mission state is sound, and nobody's death has left something behind in it. */
export const missionState: Check = {
  name: "mission state",
  run: async ({ ports }) => {
    const file = stateFile(ports.directory);
    const report = await ports.inspectState(file);
    switch (report.kind) {
      case "none":
        return [ok("no missions yet")];
      case "busy":
        return [ok(`${file} is in use by another process`)];
      case "newer":
        return [
          failed(
            `${file} was written by a newer version of the plugin than ${ports.own.version}`,
            "update this one: npm install -g opencode-orchestrator",
          ),
        ];
      case "damaged":
        return [
          failed(
            `${file} is damaged: ${report.reason}`,
            `end OpenCode, then opencode-orchestrator state recover --project ${ports.directory}`,
          ),
        ];
      case "unreadable":
        return [
          failed(`${file} cannot be opened: ${report.reason}`, "make it readable and writable for your user"),
        ];
      case "sound": {
        const left = report.leases.flatMap((lease) => leftover(lease, ports));
        return [ok(`${report.commits} commits, and their chain holds`), ...left];
      }
    }
  },
};

function leftover({ mission, hold }: MissionLease, ports: Examination["ports"]): Result[] {
  const fix =
    "start OpenCode in this project: it takes the mission over by itself; there is nothing to delete";
  if (hold === "none") return [];
  if (hold === "ran-out")
    return [warning(`mission ${mission} was held by a process that no longer renews its lease`, fix)];
  const who = holderName(hold.holder);
  return ports.isDead(hold.holder)
    ? [warning(`the lease of mission ${mission} belongs to ${who}, which is dead`, fix)]
    : [ok(`mission ${mission} is run by ${who}`)];
}

function holderName(holder: unknown): string {
  const { host, pid } = (holder ?? {}) as { host?: unknown; pid?: unknown };
  return typeof pid === "number" ? `process ${pid} on ${String(host)}` : `an unknown process`;
}
