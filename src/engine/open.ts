import {
  type Assignment,
  type Budget,
  isTerminalMission,
  key,
  type Mission,
  MissionError,
  missionSchema,
  NOTHING_SPENT,
} from "../mission/index.js";
import { parseOnce, type Transaction } from "../state/index.js";

/** Opens the next mission for a root session, unless that has one. @throws MissionError `ERR_MISSION_ACTIVE` */
export function openMission(
  transaction: Transaction,
  request: { readonly goal: string; readonly session: string; readonly budget: Budget },
  nowMs: number,
): Mission {
  const active = transaction
    .list(key.missions)
    .map((entry) => parseOnce(missionSchema, entry.value))
    .find((one) => one.rootSession === request.session && !isTerminalMission(one.state));
  if (active)
    throw new MissionError(
      "ERR_MISSION_ACTIVE",
      `mission ${active.id} of this session is still ${active.state}: /stop it first, or /resume it`,
      { mission: active.id },
    );
  const number = Number(transaction.get(key.missionCounter) ?? 0) + 1;
  const mission: Mission = {
    id: `M${number}`,
    goal: request.goal,
    state: "planning",
    rootSession: request.session,
    createdMs: nowMs,
    sinceMs: nowMs,
    finalCommands: [],
    approvedCommands: [],
    planAttempts: 0,
    planFindings: [],
    verification: 0,
    failedVerifications: 0,
    budget: request.budget,
    spent: NOTHING_SPENT,
  };
  const assignment: Assignment = { session: request.session, mission: mission.id, role: "commander" };
  transaction.put(key.missionCounter, number);
  transaction.put(key.mission(mission.id), mission);
  transaction.put(key.assignment(request.session), assignment);
  return mission;
}
