import { describe, expect, it } from "vitest";
import { DENIED_TOOLS, MISSION_TOOLS } from "../../src/agents/index.js";
import { DEFAULT_PRUNING } from "../../src/context/index.js";
import { DEFAULT_OPTIONS } from "../../src/engine/index.js";
import { BUDGETS } from "../../src/memory/index.js";
import { ROLES } from "../../src/mission/index.js";
import { ChangedFiles, projectPath } from "../../src/opencode/changes.js";
import { runCommand } from "../../src/opencode/commands.js";
import { extendConfig } from "../../src/opencode/config.js";
import { sessionEvent } from "../../src/opencode/events.js";
import { hostId } from "../../src/opencode/ids.js";
import { parseOptions } from "../../src/opencode/options.js";
import { Stage } from "../simulated/stage.js";

type Rules = Record<string, unknown>;
interface Extended {
  agent: Record<string, { permission?: Rules } & Record<string, unknown>>;
  command: Record<string, { template: string; agent?: string }>;
  permission: Rules;
}

function extended(config: object): Extended & { findings: ReturnType<typeof extendConfig> } {
  const findings = extendConfig(config as never);
  return { ...(config as Extended), findings };
}

/** What the host makes of a tool: the last rule that matches wins. */
function ruleFor(tool: string, rules: Rules = {}): unknown {
  return Object.entries(rules).findLast(([name]) => name === "*" || name === tool)?.[1];
}

describe("the configuration", () => {
  it("gets four agents, of which only the Commander is for users", () => {
    const { agent } = extended({});
    expect(Object.keys(agent).sort()).toEqual([...ROLES].sort());
    expect(ROLES.map((role) => [role, agent[role]?.["mode"], agent[role]?.["hidden"]])).toEqual([
      ["commander", "primary", undefined],
      ["planner", "subagent", true],
      ["worker", "subagent", true],
      ["reviewer", "subagent", true],
    ]);
    for (const role of ROLES) expect(agent[role]?.["prompt"]).toMatch(/^# /);
  });

  it("lets each agent use its own tools and no others of a mission", () => {
    const { agent, permission } = extended({});
    for (const role of ROLES) {
      const merged = { ...permission, ...agent[role]?.permission };
      for (const [tool, roles] of Object.entries(MISSION_TOOLS))
        expect([role, tool, ruleFor(tool, merged)]).toEqual([
          role,
          tool,
          roles.includes(role) ? "allow" : "deny",
        ]);
      for (const tool of DENIED_TOOLS[role]) expect(ruleFor(tool, merged)).toBe("deny");
    }
    for (const role of ["planner", "reviewer"] as const)
      expect(ruleFor("edit", agent[role]?.permission)).toBe("deny");
  });

  it("hides mission tools from everybody else, behind the user's own *", () => {
    const { permission, agent } = extended({
      permission: { "*": "allow", bash: "ask" },
      agent: { build: { permission: { "*": "allow" } }, plain: { permission: { edit: "deny" } }, bare: {} },
    });
    for (const tool of Object.keys(MISSION_TOOLS)) {
      expect(ruleFor(tool, permission)).toBe("deny");
      expect(ruleFor(tool, agent["build"]?.permission)).toBe("deny");
    }
    expect(ruleFor("bash", permission)).toBe("ask");
    expect(ruleFor("read", permission)).toBe("allow");
    expect(agent["plain"]).toEqual({ permission: { edit: "deny" } });
    expect(agent["bare"]).toEqual({});
  });

  it("keeps what the user has said of a mission tool", () => {
    const { permission } = extended({ permission: { "*": "deny", memory: "allow" } });
    expect(ruleFor("memory", permission)).toBe("allow");
    expect(ruleFor("delegate", permission)).toBe("deny");
  });

  it("lays the user's settings of one of our agents over ours", () => {
    const own = {
      model: "acme/large/v2",
      temperature: 0.1,
      permission: { "*": "ask", bash: "allow", task: "allow" },
    };
    const { agent, findings } = extended({ agent: { worker: own } });
    expect(agent["worker"]).toMatchObject({ temperature: 0.1, mode: "subagent" });
    expect(agent["worker"]?.["prompt"]).toMatch(/^# Worker/);
    const rules = agent["worker"]?.permission;
    expect(["bash", "task", "read"].map((tool) => ruleFor(tool, rules))).toEqual(["allow", "allow", "ask"]);
    // It could not end its work otherwise.
    expect(ruleFor("task_report", rules)).toBe("allow");
    expect(ruleFor("mission_plan", rules)).toBe("deny");
    expect([...findings.models]).toEqual([["worker", { providerID: "acme", modelID: "large/v2" }]]);
  });

  it("leaves an agent that had the name first as it is, and takes another name", () => {
    const own = { prompt: "You sweep floors.", model: "acme/small" };
    const { agent, findings } = extended({ agent: { worker: { ...own } } });
    expect(agent["worker"]).toEqual(own);
    expect(agent["mission-worker"]).toMatchObject({ mode: "subagent", hidden: true });
    expect(agent["mission-worker"]).not.toHaveProperty("model");
    expect(findings.models.size).toBe(0);
  });

  it("keeps other agents, the default agent and a command of the same name", () => {
    const mine = { template: "my own task" };
    const { command, findings, ...config } = extended({
      command: { task: mine },
      agent: { build: { prompt: "b" } },
      default_agent: "build",
    } as object);
    expect(command["task"]).toEqual({ template: "my own task" });
    expect(command["mission-task"]).toMatchObject({ agent: "commander" });
    expect(Object.fromEntries(findings.commands)).toEqual({
      "mission-task": "task",
      status: "status",
      stop: "stop",
      resume: "resume",
    });
    expect(config).toMatchObject({ default_agent: "build" });
    expect(config.agent["build"]).toEqual({ prompt: "b" });
  });

  it("has commands whose template takes no arguments in: the host would run shell commands in them", () => {
    for (const { template } of Object.values(extended({}).command)) {
      expect(template).toMatch(/\$99999$/);
      expect(template).not.toContain("$ARGUMENTS");
    }
  });
});

describe("changed files", () => {
  it.each([
    ["/p/src/a.ts", "src/a.ts"],
    ["src/../b.ts", "b.ts"],
    ["..env", "..env"],
    ["../out.ts", undefined],
    ["/px/a.ts", undefined],
    ["/etc/passwd", undefined],
    [".", undefined],
    ["..", undefined],
  ])("%s in /p is %s", (path, inside) => {
    expect(projectPath("/p", path)).toBe(inside);
  });

  it("are kept by session, each once, in order, and forgotten on demand", () => {
    const changed = new ChangedFiles("/p");
    changed.record("s1", ["/p/b.ts"]);
    changed.record("s1", ["a.ts", "/p/a.ts"]);
    changed.record("s1", []);
    changed.record("s2", ["/elsewhere/x"]);
    expect([changed.of("s1"), changed.of("s2"), changed.of("s3")]).toEqual([
      ["a.ts", "b.ts"],
      ["/elsewhere/x"],
      [],
    ]);
    changed.forget("s1");
    expect(changed.of("s1")).toEqual([]);
  });
});

describe("events", () => {
  const changed = { kind: "changed", session: "s" };
  it.each([
    ["session.idle", { sessionID: "s" }, changed],
    ["session.status", { sessionID: "s", status: { type: "busy" } }, changed],
    ["session.deleted", { sessionID: "s" }, { kind: "deleted", session: "s" }],
    [
      "message.updated",
      { info: { id: "m", sessionID: "s", role: "assistant", time: { completed: 1 } } },
      changed,
    ],
    ["message.updated", { info: { sessionID: "s", role: "user", time: {} } }, undefined],
    ["session.error", { sessionID: "s", error: { name: "MessageAbortedError", data: {} } }, changed],
    [
      "session.error",
      { sessionID: "s", error: { name: "ProviderModelNotFoundError", data: { message: "no" } } },
      { kind: "failed", session: "s", message: "ProviderModelNotFoundError: no" },
    ],
    ["session.error", { sessionID: "s" }, { kind: "failed", session: "s", message: "error: no message" }],
    ["message.part.updated", { part: { sessionID: "s", type: "text" } }, { kind: "alive", session: "s" }],
    ["permission.asked", { id: "q", sessionID: "s" }, { kind: "asked", session: "s", question: "q" }],
    ["question.asked", { id: "q", sessionID: "s" }, { kind: "asked", session: "s", question: "q" }],
    [
      "permission.replied",
      { requestID: "q", sessionID: "s" },
      { kind: "answered", session: "s", question: "q" },
    ],
    [
      "question.rejected",
      { requestID: "q", sessionID: "s" },
      { kind: "answered", session: "s", question: "q" },
    ],
    ["session.idle", {}, undefined],
    ["session.idle", null, undefined],
    ["session.idle", { sessionID: 7 }, undefined],
    ["message.updated", { info: "?" }, undefined],
    ["session.error", { error: {} }, undefined],
    ["something.new", { sessionID: "s" }, undefined],
  ])("%s %j", (type, properties, seen) => {
    expect(sessionEvent({ type, properties })).toEqual(seen);
  });
});

describe("options", () => {
  const NATIVE = { isolation: "none", index: true, indexMegabytes: 64 };
  const LANGUAGE_SERVERS = { timeoutMs: 60_000, idleMs: 300_000, servers: {} };
  const CONTEXT = { hooks: {}, memory: BUDGETS, pruning: DEFAULT_PRUNING };
  const DEFAULTS = {
    ...CONTEXT,
    ...DEFAULT_OPTIONS,
    searchTools: true,
    toasts: true,
    native: NATIVE,
    languageServers: LANGUAGE_SERVERS,
  };

  it("have defaults", () => {
    const expected = { options: DEFAULTS, problems: [], limits: [] };
    expect(parseOptions(undefined)).toEqual(expected);
    expect(parseOptions({})).toEqual(expected);
  });

  it("are taken as given, also in part", () => {
    const { options, problems } = parseOptions({
      attempts: 5,
      slots: { worker: 2 },
      toasts: true,
      searchTools: false,
    });
    expect(problems).toEqual([]);
    expect(options).toEqual({
      ...DEFAULT_OPTIONS,
      toasts: true,
      attempts: 5,
      slots: { ...DEFAULT_OPTIONS.slots, worker: 2 },
      searchTools: false,
      ...CONTEXT,
      native: NATIVE,
      languageServers: LANGUAGE_SERVERS,
    });
  });

  it("switch language servers off, all or one", () => {
    expect(parseOptions({ languageServers: false })).toMatchObject({
      options: { languageServers: undefined },
      problems: [],
    });
    const servers = { "pyright-langserver": false };
    expect(parseOptions({ languageServers: { servers, timeoutMs: 5_000 } })).toMatchObject({
      options: { languageServers: { servers, timeoutMs: 5_000, idleMs: 300_000 } },
      problems: [],
    });
  });

  it.each([
    [{ attempts: 0 }, "options.attempts:"],
    [{ slots: { worker: 65 } }, "options.slots.worker:"],
    [{ review: "sometimes" }, "options.review:"],
    [{ colour: "red" }, "options:"],
    [{ slots: { thief: 1 } }, "options.slots:"],
    [{ native: { isolation: "container" } }, "options.native.isolation:"],
    [{ languageServers: true }, "options.languageServers"],
    [{ languageServers: { servers: { "./evil.sh": true } } }, "options.languageServers"],
    [{ languageServers: { servers: { gopls: { command: "./evil.sh" } } } }, "options.languageServers"],
    [{ languageServers: { timeoutMs: 1 } }, "options.languageServers"],
    ["nonsense", "options:"],
  ])("that are wrong fall back, and the problem is named: %j", (input, place) => {
    const { options, problems } = parseOptions(input);
    expect(options).toEqual(DEFAULTS);
    expect(problems.length).toBe(1);
    expect(problems[0]?.startsWith(place)).toBe(true);
  });
});

describe("ids", () => {
  it("have the host's form", () => {
    expect(hostId("msg", Date.now())).toMatch(/^msg_[0-9a-f]{12}[0-9A-Za-z]{14}$/);
    expect(hostId("prt", Date.now())).toMatch(/^prt_[0-9a-f]{12}[0-9A-Za-z]{14}$/);
  });

  it("carry the time where the host looks for it", () => {
    const ms = Date.now() + 1_000_000;
    const time = BigInt(`0x${hostId("msg", ms).slice(4, 16)}`);
    expect(time / 0x1000n).toBe(BigInt(ms) & 0xf_ffff_ffffn);
  });

  it("made later sort later, however many in one millisecond, and when the clock steps back", () => {
    const ms = Date.now() + 2_000_000;
    const ids = Array.from({ length: 10_000 }, () => hostId("msg", ms));
    ids.push(hostId("msg", ms - 5_000), hostId("msg", ms + 1_000));
    expect(ids.map((id) => id.slice(0, 16))).toEqual([...new Set(ids.map((id) => id.slice(0, 16)))].sort());
  });
});

describe("commands", () => {
  const goalOf = async (typed: string) => {
    const stage = await Stage.open();
    const { engine } = stage.boot({});
    const text = await runCommand(async () => engine, "task", "ses_root", typed);
    return { goal: engine.missions()[0]?.goal, text };
  };

  it.each([
    ["add a health check", "add a health check"],
    ['"add a \\"health\\" check"', 'add a "health" check'],
    ['"a" and "b"', '"a" and "b"'],
    ["  spaces \n around ", "spaces \n around"],
    ["cost is $1 and !`id`", "cost is $1 and !`id`"],
    ['"', '"'],
  ])("/task %j has the goal %j", async (typed, goal) => {
    const opened = await goalOf(typed);
    expect(opened.goal).toBe(goal);
    expect(opened.text).toContain(goal);
    expect(opened.text).toContain("mission_board with wait: true");
  });

  it("/task without a goal opens nothing", async () => {
    for (const typed of ["", "   ", '""']) {
      const { goal, text } = await goalOf(typed);
      expect(goal).toBeUndefined();
      expect(text).toContain("/task needs a goal");
    }
  });

  it("say what is wrong instead of throwing", async () => {
    const stage = await Stage.open();
    const { engine } = stage.boot({});
    for (const command of ["status", "stop", "resume"] as const)
      expect(await runCommand(async () => engine, command, "ses_root", "")).toContain(
        "this session has no mission",
      );
    await runCommand(async () => engine, "task", "ses_root", "one");
    expect(await runCommand(async () => engine, "task", "ses_root", "two")).toContain(
      "/task did not work: mission M1",
    );
  });

  it("say why the project's state could not be opened", async () => {
    const broken = async () => {
      throw Object.assign(new Error("the store is damaged"), { code: "ERR_CORRUPT" });
    };
    expect(await runCommand(broken, "status", "ses_root", "")).toContain(
      "/status did not work (ERR_CORRUPT): the store is damaged",
    );
  });

  it("mean the session's latest mission, also after the ninth", async () => {
    const stage = await Stage.open();
    const { engine } = stage.boot({});
    for (let n = 1; n <= 11; n++) {
      await runCommand(async () => engine, "task", "ses_root", `goal ${n}`);
      expect(await runCommand(async () => engine, "stop", "ses_root", "")).toContain(
        `Mission M${n} · cancelled`,
      );
    }
    expect(await runCommand(async () => engine, "status", "ses_root", "")).toContain(
      "Mission M11 · cancelled",
    );
    expect(await runCommand(async () => engine, "resume", "ses_root", "")).toContain(
      "/resume did not work: mission M11",
    );
  });
});
