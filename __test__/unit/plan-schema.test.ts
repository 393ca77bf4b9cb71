import { describe, expect, it } from "vitest";
import { planSchema } from "../../src/mission/index.js";

const task = (change: object = {}) => ({ id: "T1", title: "t", instructions: "i", ...change });
const plan = (change: object = {}) => ({ summary: "s", tasks: [task()], ...change });

/** The paths of what is wrong; empty when the plan is good. */
function problems(input: unknown): string[] {
  const parsed = planSchema.safeParse(input);
  return parsed.success ? [] : parsed.error.issues.map((issue) => issue.path.join("."));
}

describe("a plan", () => {
  it("needs little, and the rest has defaults", () => {
    expect(planSchema.parse(plan())).toEqual({
      summary: "s",
      finalCommands: [],
      tasks: [
        {
          id: "T1",
          title: "t",
          instructions: "i",
          dependencies: [],
          writes: [],
          checks: { commands: [], files: [], criteria: [] },
          priority: "normal",
        },
      ],
    });
  });

  it("has its texts trimmed", () => {
    expect(planSchema.parse(plan({ summary: " s\n" })).summary).toBe("s");
    expect(problems(plan({ summary: "  " }))).toEqual(["summary"]);
  });

  it.each([
    ["no tasks", plan({ tasks: [] }), ["tasks"]],
    ["201 tasks", plan({ tasks: Array.from({ length: 201 }, (_, n) => task({ id: `T${n}` })) }), ["tasks"]],
    ["a key that is not known", plan({ deadline: 1 }), [""]],
    ["a key that is not known in a task", plan({ tasks: [task({ agent: "x" })] }), ["tasks.0"]],
    [
      "a key that is not known in the checks",
      plan({ tasks: [task({ checks: { x: 1 } })] }),
      ["tasks.0.checks"],
    ],
    ["an empty id", plan({ tasks: [task({ id: "" })] }), ["tasks.0.id"]],
    ["an id with a space", plan({ tasks: [task({ id: "a b" })] }), ["tasks.0.id"]],
    ["an id with a slash", plan({ tasks: [task({ id: "a/b" })] }), ["tasks.0.id"]],
    ["an id with a colon", plan({ tasks: [task({ id: "a:b" })] }), ["tasks.0.id"]],
    ["an id of 33 characters", plan({ tasks: [task({ id: "a".repeat(33) })] }), ["tasks.0.id"]],
    ["a title of 201 characters", plan({ tasks: [task({ title: "a".repeat(201) })] }), ["tasks.0.title"]],
    [
      "instructions of 20,001 characters",
      plan({ tasks: [task({ instructions: "a".repeat(20_001) })] }),
      ["tasks.0.instructions"],
    ],
    ["a priority that is none", plan({ tasks: [task({ priority: "urgent" })] }), ["tasks.0.priority"]],
    ["21 final commands", plan({ finalCommands: Array(21).fill("true") }), ["finalCommands"]],
    [
      "several things at once",
      plan({ summary: "", tasks: [task({ id: "", title: "" })] }),
      ["summary", "tasks.0.id", "tasks.0.title"],
    ],
  ])("with %s is refused, at the right place", (_, input, paths) => {
    expect(problems(input)).toEqual(paths);
  });

  it.each(["T1", "a", "1.2.3", "a_b-c", "a".repeat(32)])("may have a task %s", (id) => {
    expect(problems(plan({ tasks: [task({ id })] }))).toEqual([]);
  });
});

describe("a write set", () => {
  it.each(["/etc/passwd", "C:/x", "C:\\x", "a\\b", "../x", "a/../../x", "..", "", "  ", "a".repeat(201)])(
    "has no %j",
    (glob) => {
      expect(problems(plan({ tasks: [task({ writes: ["ok", glob] })] }))).toEqual(["tasks.0.writes.1"]);
      expect(problems(plan({ tasks: [task({ checks: { files: [glob] } })] }))).toEqual([
        "tasks.0.checks.files.0",
      ]);
    },
  );

  it.each([".git/hooks/x", "a/.GIT/config", ".opencode", ".opencode/**"])("leaves %j to the host", (glob) => {
    expect(problems(plan({ tasks: [task({ writes: [glob] })] }))).toEqual(["tasks.0.writes.0"]);
  });

  it.each(["src/**", "a..b", "..env", "src/{a,b}/*.ts", "größe/😀.md", "./a", "app/[id]/page.tsx", "src/[a"])(
    "may have %j",
    (glob) => {
      expect(problems(plan({ tasks: [task({ writes: [glob] })] }))).toEqual([]);
    },
  );

  it("has no glob that stands for more than can be looked at", () => {
    const found = problems(plan({ tasks: [task({ writes: ["{a,b}".repeat(80)] })] }));
    expect(found).toContain("tasks.0.writes.0");
  });

  it.each(["{a", "a}", "a/{b,{c}"])("has no glob that the search will refuse: %j", (glob) => {
    expect(problems(plan({ tasks: [task({ writes: [glob] })] }))).toEqual(["tasks.0.writes.0"]);
  });

  it.each([
    ["./src/a.ts", "src/a.ts"],
    ["src/", "src/**"],
    ["src//", "src/**"],
    [" src/* ", "src/*"],
  ])("is stored in one way: %j", (given, kept) => {
    expect(planSchema.parse(plan({ tasks: [task({ writes: [given] })] })).tasks[0]?.writes).toEqual([kept]);
  });
});
