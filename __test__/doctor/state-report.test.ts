import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { hostname } from "node:os";
import { describe, expect, it } from "vitest";
import { findProgram, inspectState } from "../../src/doctor/index.js";
import { key, type Mission } from "../../src/mission/index.js";
import { openStore } from "../../src/native/index.js";
import { processOwner } from "../../src/node/index.js";
import { put, temporaryFolder, temporaryStore } from "../native/temporary.js";

const MISSION: Mission = {
  id: "M1",
  goal: "a goal",
  state: "executing",
  rootSession: "ses_1",
  createdMs: 0,
  finalCommands: [],
  approvedCommands: [],
  planAttempts: 1,
  planFindings: [],
  verification: 0,
  failedVerifications: 0,
  sinceMs: 0,
  budget: {},
  spent: { tokens: 0, cost: 0, rounds: 0, sessions: 0, activeMs: 0 },
};

/** A project's state with one open mission. */
async function stateWithMission() {
  const file = `${temporaryFolder()}/state.db`;
  const store = await temporaryStore(file);
  await put(store, { [key.mission("M1")]: MISSION });
  return { file, store, lease: key.lease("M1") };
}

describe("the report of a state", () => {
  it("says that there is none, and makes none", async () => {
    const file = `${temporaryFolder()}/state.db`;
    expect(await inspectState(file)).toEqual({ kind: "none" });
    expect(fs.existsSync(file)).toBe(false);
  });

  it("says that it is damaged", async () => {
    const file = `${temporaryFolder()}/state.db`;
    fs.writeFileSync(file, Buffer.alloc(10_000, "garbage!"));
    expect(await inspectState(file)).toMatchObject({ kind: "damaged" });
  });

  it("names who has a lease, while the holder goes on", async () => {
    const { file, store, lease } = await stateWithMission();
    const answer = await store.acquireLease({ name: lease, holder: processOwner.holder, ttlMs: 60_000 });
    if (!answer.granted) throw new Error("it is free");
    expect(await inspectState(file)).toMatchObject({
      kind: "sound",
      commits: 1,
      leases: [{ mission: "M1", hold: { holder: processOwner.holder } }],
    });
    await store.renewLease(lease, answer.token, 60_000);
  });

  it("tells a lease that ran out from one that was given back, and takes neither", async () => {
    const { file, store, lease } = await stateWithMission();
    const leases = async () => {
      const report = await inspectState(file);
      return report.kind === "sound" ? report.leases : report;
    };
    expect(await leases()).toEqual([{ mission: "M1", hold: "none" }]);
    const answer = await store.acquireLease({ name: lease, holder: processOwner.holder, ttlMs: 1 });
    if (!answer.granted) throw new Error("it is free");
    await expect.poll(leases).toEqual([{ mission: "M1", hold: "ran-out" }]);
    // A process that only slept can still renew it.
    await store.renewLease(lease, answer.token, 60_000);
    await store.releaseLease(lease, answer.token);
    expect(await leases()).toEqual([{ mission: "M1", hold: "none" }]);
  });

  it("goes with what is known of dead processes", async () => {
    const { file, store, lease } = await stateWithMission();
    const { pid } = spawnSync(process.execPath, ["--version"]);
    const holder = { host: hostname(), pid, started: "unknown" };
    await store.acquireLease({ name: lease, holder, ttlMs: 60_000 });
    await store.close();
    const report = await inspectState(file);
    if (report.kind !== "sound") throw new Error(report.kind);
    const [{ hold } = { hold: undefined }] = report.leases;
    expect(hold).toMatchObject({ holder });
    expect(processOwner.isDead((hold as { holder: unknown }).holder)).toBe(true);
    const again = await openStore(file);
    expect(again.snapshot()).toBe(1);
    await again.close();
  });
});

it.skipIf(process.platform === "win32")("a program is found as a shell finds it", () => {
  const folder = temporaryFolder({ "a/tool": "", "b/tool": "", "c/tool/file": "" });
  fs.chmodSync(`${folder}/b/tool`, 0o755);
  const PATH = ["c", "a", "", "b"].map((name) => name && `${folder}/${name}`).join(":");
  expect(findProgram("tool", { PATH })).toBe(`${folder}/b/tool`);
  expect(findProgram("other", { PATH })).toBeUndefined();
  expect(findProgram("tool", {})).toBeUndefined();
});
