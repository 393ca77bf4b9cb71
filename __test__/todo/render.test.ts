import { describe, expect, it } from "vitest";
import { renderTodo } from "../../src/todo/index.js";
import { task, view } from "../unit/records.js";

describe("todo.md", () => {
  it("is a task list with its revisions, and hidden ids that keep T1.1 and T1.10 apart", () => {
    const shown = view([
      task("T1.1", { state: "done" }),
      task("T1.10", { title: "two\n  lines", state: "running", dependencies: ["T1.1"] }),
      task("T2", { state: "cancelled" }),
    ]);
    expect(renderTodo([{ ...shown, revision: 42 }])).toBe(
      [
        "<!-- missions M1@42 -->",
        "",
        "# Missions",
        "",
        "## M1 · executing <!-- M1 -->",
        "",
        "> the goal",
        "",
        "- [x] **T1.1** Title of T1.1 <!-- M1/T1.1 -->",
        "- [ ] **T1.10** two lines _(running; after T1.1)_ <!-- M1/T1.10 -->",
        "- [-] **T2** Title of T2 _(cancelled)_ <!-- M1/T2 -->",
        "",
      ].join("\n"),
    );
  });

  it("keeps a goal of several lines inside its quotation, and says when there is no plan", () => {
    const text = renderTodo([{ ...view([], { goal: "one\r\n\n# two" }), revision: 1 }]);
    expect(text).toContain("> one\n>\n> # two\n");
    expect(text).toContain("_No plan yet._");
  });
});
