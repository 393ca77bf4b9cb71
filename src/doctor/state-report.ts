import { copyFileSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isTerminalMission, key, listMissions } from "../mission/index.js";
import { NativeError, type NativeStore, openStore } from "../native/index.js";
import type { MissionLease, StateReport } from "./ports.js";

/** What a probe's lease lasts, in its copy. */
const PROBE_TTL_MS = 1_000;

/** Opens and verifies a project's mission state. It is not changed. */
export async function inspectState(file: string): Promise<StateReport> {
  if (!existsSync(file)) return { kind: "none" };
  try {
    const store = await openStore(file);
    try {
      const { ok, commits, firstBad, damage } = await store.verify();
      if (!ok) {
        const where = firstBad && `commit ${firstBad.revision}: ${firstBad.reason}`;
        return { kind: "damaged", reason: [...(where ? [where] : []), ...damage].join("; ") };
      }
      return { kind: "sound", commits, leases: await leases(file, openMissions(store)) };
    } finally {
      await store.close();
    }
  } catch (error) {
    if (!(error instanceof NativeError)) throw error;
    if (error.code === "ERR_BUSY") return { kind: "busy" };
    if (error.code === "ERR_SCHEMA") return { kind: "newer" };
    return { kind: error.code === "ERR_CORRUPT" ? "damaged" : "unreadable", reason: error.message };
  }
}

function openMissions(store: NativeStore): string[] {
  return listMissions(store).flatMap((mission) => (isTerminalMission(mission.state) ? [] : [mission.id]));
}

/**
 * How the leases stand. To ask for a lease is to take one that has run out, perhaps from a process that only slept: so a
 * copy of the state is asked.
 */
async function leases(file: string, missions: readonly string[]): Promise<MissionLease[]> {
  if (missions.length === 0) return [];
  const folder = mkdtempSync(join(tmpdir(), "opencode-orchestrator-doctor-"));
  try {
    const copy = join(folder, "state.db");
    for (const suffix of ["", "-wal"])
      if (existsSync(file + suffix)) copyFileSync(file + suffix, copy + suffix);
    const store = await openStore(copy, { durability: "process" });
    try {
      const found: MissionLease[] = [];
      for (const mission of missions) found.push({ mission, hold: await holdOf(store, mission) });
      return found;
    } finally {
      await store.close();
    }
  } catch (error) {
    // Copied while somebody was writing: then nobody's death has left it behind.
    if (error instanceof NativeError) return [];
    throw error;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function holdOf(store: NativeStore, mission: string): Promise<MissionLease["hold"]> {
  const name = key.lease(mission);
  if (!(await isHeld(store, name))) return "none";
  const answer = await store.acquireLease({ name, holder: "doctor", ttlMs: PROBE_TTL_MS });
  return answer.granted ? "ran-out" : { holder: answer.holder, expiresMs: answer.expiresMs };
}

/** Whether a lease was taken and not given back. The refusal of a token that never was says so. */
async function isHeld(store: NativeStore, lease: string): Promise<boolean> {
  try {
    await store.commit({
      actor: "doctor",
      snapshot: store.snapshot(),
      readKeys: [],
      readPrefixes: [],
      writes: [{ key: "doctor", value: null }],
      fence: { lease, token: 0 },
    });
  } catch (error) {
    if (error instanceof NativeError && error.code === "ERR_FENCED")
      return typeof error.details["current"] === "number";
    throw error;
  }
  throw new Error("unreachable: no lease has the token 0");
}
