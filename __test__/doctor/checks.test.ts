import * as fs from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type DoctorPorts, examine } from "../../src/doctor/index.js";
import { NativeError } from "../../src/native/index.js";
import { type Broken, CONFIG, machine, problems } from "./healthy.js";

const without = (name: string) => (healthy: DoctorPorts) => ({
  findProgram: (wanted: string) => (wanted === name ? undefined : healthy.findProgram(wanted)),
});
const version =
  (output: string, code: number | null = 0) =>
  (healthy: DoctorPorts) => ({
    run: async (program: string, args: readonly string[]) =>
      program.endsWith("opencode") ? { code, output } : healthy.run(program, args),
  });
const state = (report: Awaited<ReturnType<DoctorPorts["inspectState"]>>, dead = false): Broken => ({
  ports: () => ({ inspectState: async () => report, isDead: () => dead }),
});
const plugins = (...specs: unknown[]) => JSON.stringify({ model: "a/b", plugin: specs });
const held = (hold: "none" | "ran-out" | { holder: unknown; expiresMs: number }) =>
  ({ kind: "sound", commits: 3, leases: [{ mission: "M1", hold }] }) as const;

/** What is broken; the check that finds it, how bad it is, what it says, and the way out. */
const TABLE: readonly [string, Broken, [check: string, status: string, found: string, fix: string]][] = [
  [
    "OpenCode is missing",
    { ports: without("opencode") },
    ["opencode", "failed", "there is no opencode in the PATH", "npm install -g opencode-ai@1"],
  ],
  [
    "OpenCode is too old",
    { ports: version("1.17.9\n") },
    ["opencode", "failed", "OpenCode 1.17.9 (/bin/opencode) is older than 1.18", "opencode upgrade"],
  ],
  [
    "OpenCode is a 2",
    { ports: version("opencode 2.0.1\n") },
    ["opencode", "failed", "OpenCode 2.0.1 (/bin/opencode) does not load plugins", "opencode-ai@1"],
  ],
  [
    "OpenCode does not run",
    { ports: version("Illegal instruction", null) },
    ["opencode", "failed", "Illegal instruction", "install OpenCode again"],
  ],
  [
    "the user's configuration is broken",
    { home: { [".config/opencode/opencode.jsonc"]: '{\n  "a": }' } },
    ["configuration", "failed", "opencode.jsonc:2:8: is not valid JSONC: value expected", "correct the file"],
  ],
  [
    "the project's plugins are no array",
    { project: { "opencode.json": '{"plugin": "x"}' } },
    ["configuration", "failed", 'opencode.json:1:12: "plugin" must be an array', "correct the file"],
  ],
  [
    "the plugin is listed nowhere",
    { home: { [CONFIG]: plugins("other") } },
    ["plugin", "failed", "is in no configuration that OpenCode reads here", "opencode-orchestrator install"],
  ],
  [
    "the plugin is listed by the user and by the project",
    { project: { "opencode.jsonc": plugins(["opencode-orchestrator@1.2.3", {}]) } },
    ["plugin", "warning", "is listed 2 times, and only the last counts: ", "keep one"],
  ],
  [
    "the plugin is listed twice in one array",
    { home: { [CONFIG]: plugins("opencode-orchestrator@1.2.3", "opencode-orchestrator@1.2.3") } },
    ["plugin", "warning", "is listed 2 times", "keep one"],
  ],
  [
    "the plugin is listed as a package and as a file",
    {
      project: {
        ".opencode/opencode.json": plugins("../opencode-orchestrator/dist/server.js"),
        "opencode-orchestrator/dist/server.js": "",
        ".opencode/node_modules/.keep": "",
        ".opencode/package-lock.json": '{"packages":{"":{"dependencies":{"@opencode-ai/plugin":"1"}}}}',
      },
    },
    ["plugin", "failed", "OpenCode loads the plugin 2 times: ", "keep one"],
  ],
  [
    "the plugin is listed where OpenCode never looks",
    {
      home: {
        [CONFIG]: '{"model": "a/b"}',
        ".opencode.json": plugins("opencode-orchestrator"),
      },
    },
    ["plugin", "failed", ".opencode.json does nothing: OpenCode never reads this file", "take it out there"],
  ],
  [
    "the plugin is listed in an array that another hides",
    { home: { ".config/opencode/opencode.jsonc": plugins("other") } },
    ["plugin", "failed", 'opencode.json does nothing: "plugin" in ', "opencode-orchestrator install"],
  ],
  [
    "the project's configuration is switched off",
    {
      home: { [CONFIG]: '{"model": "a/b"}' },
      project: { "opencode.json": plugins("opencode-orchestrator@1.2.3") },
      variables: { OPENCODE_DISABLE_PROJECT_CONFIG: "1" },
    },
    ["plugin", "failed", "does nothing: OPENCODE_DISABLE_PROJECT_CONFIG is set", "take it out there"],
  ],
  [
    "plugins are switched off",
    { variables: { OPENCODE_PURE: "true" } },
    ["plugin", "failed", "OPENCODE_PURE is set", "unset OPENCODE_PURE"],
  ],
  [
    "the listed file is gone",
    { home: { [CONFIG]: plugins("file:///gone/opencode-orchestrator/dist/server.js") } },
    [
      "plugin",
      "failed",
      "names file:///gone/opencode-orchestrator/dist/server.js, which is not there",
      "build",
    ],
  ],
  [
    "another version is listed",
    { home: { [CONFIG]: plugins("opencode-orchestrator@1.0.0") } },
    ["plugin", "warning", "names version 1.0.0; this command is 1.2.3", "changes it to 1.2.3"],
  ],
  [
    "OpenCode's cached copy is stale",
    {
      home: {
        [CONFIG]: plugins("opencode-orchestrator"),
        ".cache/opencode/packages/opencode-orchestrator@latest/node_modules/opencode-orchestrator/package.json":
          '{"name": "opencode-orchestrator", "version": "0.9.0"}',
      },
    },
    ["cache", "warning", "OpenCode goes on using version 0.9.0 from ", "remove that folder"],
  ],
  [
    "the native core does not load",
    {
      ports: () => ({
        loadAddon: () => {
          throw new NativeError("ERR_ADDON", "could not be loaded:\nx: no such file\nInstall it again");
        },
      }),
    },
    ["native core", "failed", "it does not load on linux x64 glibc 2.36: could not be", "Install it again"],
  ],
  [
    "there is no model",
    { home: { [CONFIG]: '{"plugin": ["opencode-orchestrator@1.2.3"]}' } },
    ["model", "warning", "no model is configured", "opencode auth login"],
  ],
  [
    "the model is in a file that OpenCode never reads",
    {
      home: {
        [CONFIG]: '{"plugin": ["opencode-orchestrator@1.2.3"]}',
        ".opencode.json": '{"model": "a/b"}',
      },
    },
    ["model", "warning", "no model is configured", "opencode auth login"],
  ],
  [
    "there is no git",
    { ports: without("git") },
    ["git", "warning", "there is no git in the PATH", "install git"],
  ],
  [
    "the project is no repository",
    {
      ports: (healthy) => ({
        run: async (program, args) =>
          program === "/bin/git" ? { code: 128, output: "" } : healthy.run(program, args),
      }),
    },
    ["git", "warning", "is in no git repository", " init"],
  ],
  [
    "the project is on a network file system",
    {
      ports: ({ files }) => ({
        files: { ...files, statfsSync: (() => ({ type: 0x6969 })) as unknown as typeof fs.statfsSync },
      }),
    },
    ["project folder", "warning", "is on a network file system (NFS)", "local disk"],
  ],
  [
    "the state is damaged",
    state({ kind: "damaged", reason: "commit 7: hash" }),
    ["mission state", "failed", "state.db is damaged: commit 7: hash", "state recover --project "],
  ],
  [
    "the state is of a newer version",
    state({ kind: "newer" }),
    ["mission state", "failed", "newer version of the plugin than 1.2.3", "update"],
  ],
  [
    "the state cannot be opened",
    state({ kind: "unreadable", reason: "permission denied" }),
    ["mission state", "failed", "permission denied", "for your user"],
  ],
  [
    "a dead process holds a lease",
    state(held({ holder: { host: "here", pid: 42 }, expiresMs: 1 }), true),
    [
      "mission state",
      "warning",
      "the lease of mission M1 belongs to process 42 on here, which is dead",
      "start",
    ],
  ],
  [
    "a lease has run out",
    state(held("ran-out")),
    ["mission state", "warning", "mission M1 was held by a process that no longer", "nothing to delete"],
  ],
  [
    "OpenCode has yet to install its package",
    { home: { ".config/opencode/package-lock.json": "{}" } },
    ["first start", "warning", "first installs @opencode-ai/plugin", "let it finish once"],
  ],
];

describe("the doctor", () => {
  it("finds nothing where all is well", async () => {
    const findings = await examine(machine());
    expect(findings.filter(({ status }) => status !== "ok")).toEqual([]);
    expect(new Set(findings.map(({ check }) => check)).size).toBe(12);
  });

  it.each(TABLE)("finds and explains: %s", async (_, broken, [check, status, found, fix]) => {
    expect(await problems(machine(broken))).toEqual([
      {
        check,
        status,
        found: expect.stringContaining(found),
        fix: expect.stringContaining(fix),
      },
    ]);
  });

  it("finds a project folder that is read-only", async () => {
    const ports = machine();
    fs.chmodSync(ports.directory, 0o555);
    expect(await problems(ports)).toMatchObject([
      { check: "project folder", status: "failed", fix: `chmod u+w ${ports.directory}, or work on a copy` },
    ]);
    fs.chmodSync(ports.directory, 0o755);
  });

  it.each([
    ["no mission has begun", state({ kind: "none" })],
    ["another process uses the state", state({ kind: "busy" })],
    ["a living process has the mission", state(held({ holder: { host: "here", pid: 1 }, expiresMs: 1 }))],
    ["a mission waits for nobody", state(held("none"))],
    [
      "somebody is signed in",
      {
        home: {
          [CONFIG]: '{"plugin": ["opencode-orchestrator@1.2.3"]}',
          ".local/share/opencode/auth.json": '{"anthropic": {}}',
        },
      },
    ],
    [
      "a key is in the environment",
      {
        home: { [CONFIG]: '{"plugin": ["opencode-orchestrator@1.2.3"]}' },
        variables: { OPENAI_API_KEY: "x" },
      },
    ],
    [
      "a file is broken that OpenCode never reads",
      { home: { ".opencode.json": "{", ".config/opencode.json": "{" } },
    ],
    [
      "the environment names the plugin",
      {
        home: { [CONFIG]: "{}" },
        variables: { OPENCODE_CONFIG_CONTENT: plugins("opencode-orchestrator@1.2.3") },
      },
    ],
    [
      "the model is in a file whose array of plugins is hidden",
      {
        home: {
          [CONFIG]: '{"model": "a/b", "plugin": []}',
          ".config/opencode/opencode.jsonc": '{"plugin": ["opencode-orchestrator@1.2.3"]}',
        },
      },
    ],
    ["there are no language servers", { project: { "a.py": "" }, ports: without("pyright-langserver") }],
  ] satisfies [string, Broken][])("is content when %s", async (_, broken) => {
    expect(await problems(machine(broken))).toEqual([]);
  });

  it("names the language servers that the project's languages lack, and how to get them", async () => {
    const project = { "src/deep/a.py": "", "main.go": "", "web/a.ts": "", "node_modules/x/a.c": "" };
    const only = (...names: string[]) => ({
      findProgram: (name: string) =>
        ["opencode", "git", ...names].includes(name) ? `/bin/${name}` : undefined,
    });
    const said = async (...names: string[]) =>
      (await examine(machine({ project, ports: () => only(...names) })))
        .filter(({ check }) => check === "language servers")
        .map(({ found, fix }) => [found.replace(/:.*/, ""), fix]);
    const python = ["files in .py are checked by no language server", "npm install -g pyright"];
    const go = [
      "files in .go are checked by no language server",
      "go install golang.org/x/tools/gopls@latest",
    ];
    const ts = [
      "files in .ts are checked by no language server",
      "npm install -g typescript-language-server typescript",
    ];
    expect(await said()).toEqual([ts, python, go]);
    expect(await said("basedpyright-langserver", "gopls")).toEqual([
      ["basedpyright-langserver checks what Workers report", undefined],
      ["gopls checks what Workers report", undefined],
      ts,
    ]);
  });

  it("says of a check that breaks that it broke, and makes the others", async () => {
    const broken = machine({
      ports: () => ({ inspectState: () => Promise.reject(new Error("out of memory")) }),
    });
    expect(await problems(broken)).toMatchObject([
      { check: "mission state", status: "failed", found: "this could not be checked: out of memory" },
    ]);
  });

  it("changes nothing", async () => {
    const ports = machine();
    const listing = () => [ports.directory, ports.surroundings.home].flatMap((folder) => tree(folder));
    const before = listing();
    await examine(ports);
    expect(listing()).toEqual(before);
  });
});

function tree(folder: string): string[] {
  return (fs.readdirSync(folder, { recursive: true }) as string[]).map((path) => {
    const { mtimeMs, size } = fs.statSync(join(folder, path));
    return `${path} ${mtimeMs} ${size}`;
  });
}
