import { describe, expect, it } from "vitest";
import { boardSince, SeenBoards } from "../../src/mission/index.js";

const board = (done: number, count = 20) =>
  [
    `Mission M1 · executing · ${done}/${count} tasks done`,
    "Goal: all",
    ...Array.from(
      { length: count },
      (_, index) => `[${index < done ? "x" : ">"}] T${index} A task · ${index < done ? "done" : "running"}`,
    ),
  ].join("\n");

describe("the board since the last one", () => {
  it("has the head, what has changed, and how many are as they were", () => {
    expect(boardSince(board(3), board(5))).toBe(
      "Mission M1 · executing · 5/20 tasks done\n[x] T3 A task · done\n[x] T4 A task · done\n" +
        "(18 tasks as on the board before; whole: true shows all)",
    );
  });

  it("is whole at first, when it is short, and when a delta would be no shorter", () => {
    expect(boardSince(undefined, board(1))).toBe(board(1));
    expect(boardSince(board(1, 5), board(2, 5))).toBe(board(2, 5));
    expect(boardSince(board(0), board(20))).toBe(board(20));
  });

  it("begins anew for a session that has lost what it had seen, or asks for all", () => {
    const boards = new SeenBoards();
    expect(boards.show("s", board(1), false)).toBe(board(1));
    expect(boards.show("other", board(2), false)).toBe(board(2));
    expect(boards.show("s", board(2), false)).not.toContain("T5");
    expect(boards.show("s", board(2), true)).toBe(board(2));
    boards.forget("s");
    expect(boards.show("s", board(3), false)).toBe(board(3));
  });
});
