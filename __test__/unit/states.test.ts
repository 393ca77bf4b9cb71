import { describe, expect, it } from "vitest";
import { isActiveMission, isSettledTask, isTerminalMission, MissionError } from "../../src/mission/index.js";
import {
  assertMissionTransition,
  assertTaskTransition,
  MISSION_STATES,
  TASK_STATES,
} from "../../src/mission/states.js";

/** Every legal change, as `from: to to to`. */
function table<S extends string>(
  states: readonly S[],
  assert: (id: string, from: S, to: S) => void,
): string[] {
  return states.map((from) => {
    const to = states.filter((one) => {
      try {
        assert("X", from, one);
        return true;
      } catch (error) {
        expect(error).toBeInstanceOf(MissionError);
        expect(error).toMatchObject({ code: "ERR_ILLEGAL_TRANSITION", details: { from, to: one } });
        return false;
      }
    });
    return `${from}: ${to.join(" ")}`.trim();
  });
}

describe("the legal changes", () => {
  it("of a mission", () => {
    expect(table(MISSION_STATES, assertMissionTransition)).toEqual([
      "planning: executing paused blocked failed cancelled",
      "executing: verifying paused blocked failed cancelled",
      "verifying: executing sealed paused blocked failed cancelled",
      "sealed:",
      "paused: planning executing verifying cancelled",
      "blocked: planning executing verifying failed cancelled",
      "failed:",
      "cancelled:",
    ]);
  });

  it("of a task", () => {
    expect(table(TASK_STATES, assertTaskTransition)).toEqual([
      "pending: ready cancelled",
      "ready: running cancelled",
      "running: ready checking blocked failed cancelled",
      "checking: ready reviewing done failed cancelled",
      "reviewing: ready done failed cancelled",
      "done: ready",
      "blocked: ready cancelled",
      "failed: ready cancelled",
      "cancelled:",
    ]);
  });

  it("name both states and the thing in the refusal", () => {
    expect(() => assertTaskTransition("T7", "done", "failed")).toThrow(
      "task T7 is done and cannot become failed",
    );
    expect(() => assertMissionTransition("M2", "sealed", "planning")).toThrow(
      "mission M2 is sealed and cannot become planning",
    );
  });
});

it("the kinds of state", () => {
  expect(MISSION_STATES.filter(isActiveMission)).toEqual(["planning", "executing", "verifying"]);
  expect(MISSION_STATES.filter(isTerminalMission)).toEqual(["sealed", "failed", "cancelled"]);
  expect(TASK_STATES.filter(isSettledTask)).toEqual(["done", "blocked", "failed", "cancelled"]);
});
