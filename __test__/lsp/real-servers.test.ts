import { chmodSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { describe, expect, it } from "vitest";
import { locate } from "../../src/lsp/locate.js";
import { fleetIn, groupMembers, never, PATH, shown } from "./fleets.js";

const TSCONFIG = JSON.stringify({
  compilerOptions: { strict: true, module: "nodenext", target: "es2022", types: [], noEmit: true },
});

describe("typescript-language-server", () => {
  const files = {
    "tsconfig.json": TSCONFIG,
    "package.json": '{"type": "module"}',
    "a.ts": "export const one: number = 1;\nexport const two = 2;\n",
    "b.ts": 'import { one, two } from "./a.js";\nexport const sum: number = one + two;\n',
  };

  it("finds a type error, at its place", async () => {
    const { fleet } = fleetIn({
      ...files,
      "a.ts": 'export const two = 2;\n  export const one: number = "1";\n',
    });
    const { errors, servers, unchecked } = await fleet.diagnose(["a.ts", "b.ts"], never);
    expect(errors.map(shown)).toEqual([
      "a.ts:2:16: Type 'string' is not assignable to type 'number'. (ts 2322)",
    ]);
    expect({ servers, unchecked }).toEqual({ servers: ["typescript-language-server"], unchecked: [] });
  });

  it("sees what others have changed since: files that are edited, new, renamed and gone", async () => {
    const { fleet, project, pids } = fleetIn(files);
    const look = async (...paths: string[]) => (await fleet.diagnose(paths, never)).errors.map(shown);
    expect(await look("b.ts")).toEqual([]);
    writeFileSync(join(project, "a.ts"), "export const one: number = 1;\n");
    expect(await look("b.ts")).toEqual([
      `b.ts:1:15: Module '"./a.js"' has no exported member 'two'. (ts 2305)`,
    ]);
    writeFileSync(join(project, "b.ts"), 'export { three } from "./c.js";\n');
    expect(await look("b.ts")).toEqual([expect.stringContaining("Cannot find module './c.js'")]);
    writeFileSync(join(project, "c.ts"), "export const three = 3;\n");
    expect(await look("b.ts")).toEqual([]);
    renameSync(join(project, "c.ts"), join(project, "d.ts"));
    expect(await look("b.ts")).toEqual([expect.stringContaining("Cannot find module './c.js'")]);
    writeFileSync(join(project, "b.ts"), 'export { three } from "./d.js";\n');
    expect(await look("b.ts")).toEqual([]);
    rmSync(join(project, "d.ts"));
    expect(await look("b.ts", "d.ts")).toEqual([expect.stringContaining("Cannot find module './d.js'")]);
    expect(pids()).toHaveLength(1);
  });

  it("runs no code of the project's", async () => {
    const evil = 'require("node:fs").writeFileSync(__dirname + "/RAN", "");\n';
    const modules = "node_modules";
    const { fleet, project } = fleetIn(
      {
        ...files,
        "tsconfig.json": JSON.stringify({ compilerOptions: { plugins: [{ name: "evil" }], strict: true } }),
        [`${modules}/evil/index.js`]: evil,
        [`${modules}/evil/package.json`]: '{"name": "evil", "version": "1.0.0", "main": "index.js"}',
        [`${modules}/typescript/package.json`]: '{"name": "typescript", "version": "5.9.9"}',
        [`${modules}/typescript/lib/tsserver.js`]: evil,
        [`${modules}/typescript/lib/typescript.js`]: evil,
        [`${modules}/.bin/typescript-language-server`]: '#!/bin/sh\ntouch "$0.RAN"\n',
        [`${modules}/.bin/node`]: '#!/bin/sh\ntouch "$0.RAN"\n',
      },
      // As when OpenCode is started by npm, in the project.
      (folder) => ({
        variables: { ...process.env, PATH: [join(folder, modules, ".bin"), PATH].join(delimiter) },
      }),
    );
    for (const name of ["typescript-language-server", "node"])
      chmodSync(join(project, modules, ".bin", name), 0o755);
    const { servers, unchecked } = await fleet.diagnose(["b.ts"], never);
    expect({ servers, unchecked }).toEqual({ servers: ["typescript-language-server"], unchecked: [] });
    expect(readdirSync(project, { recursive: true }).filter((name) => String(name).endsWith("RAN"))).toEqual(
      [],
    );
  });
});

describe("pyright", () => {
  it("does not take broken Python for clean", async () => {
    const { fleet } = fleetIn({
      "broken.py":
        'def add(a: int, b: int) -> int:\n    return a + b\n\nadd(1, "two")\nprint(undefined_name)\n',
      "worse.py": "def f(:\n",
      "fine.py": "print(1)\n",
    });
    const { errors, servers } = await fleet.diagnose(["broken.py", "worse.py", "fine.py"], never);
    expect(servers).toEqual(["pyright-langserver"]);
    expect(new Set(errors.map(({ path }) => path))).toEqual(new Set(["broken.py", "worse.py"]));
    expect(errors.map(shown)).toContainEqual(
      expect.stringMatching(/^broken\.py:4:8: .*\(Pyright reportArgumentType\)$/),
    );
    expect(errors.map(shown)).toContainEqual(
      'broken.py:5:7: "undefined_name" is not defined (Pyright reportUndefinedVariable)',
    );
  });

  it("sees what others have changed since", async () => {
    const { fleet, project, pids } = fleetIn({
      "a.py": "def one() -> int:\n    return 1\n",
      "b.py": "from a import one\n\nx: int = one()\n",
    });
    const look = async (...paths: string[]) => (await fleet.diagnose(paths, never)).errors.map(shown);
    expect(await look("b.py")).toEqual([]);
    writeFileSync(join(project, "a.py"), 'def one() -> str:\n    return "1"\n');
    expect(await look("b.py")).toEqual([expect.stringMatching(/^b\.py:3:10: .*reportAssignmentType/)]);
    writeFileSync(join(project, "b.py"), "from c import three\n\ny: int = three\n");
    expect(await look("b.py")).toEqual([expect.stringMatching(/reportMissingImports/)]);
    writeFileSync(join(project, "c.py"), "three = 3\n");
    expect(await look("b.py")).toEqual([]);
    rmSync(join(project, "c.py"));
    expect(await look("b.py")).toEqual([expect.stringMatching(/reportMissingImports/)]);
    expect(pids()).toHaveLength(1);
  });

  it("knows the packages of the project's environment, without running it", async () => {
    const { fleet, project } = fleetIn({
      ".venv/pyvenv.cfg": "home = /nowhere\n",
      ".venv/bin/python": '#!/bin/sh\ntouch "$0.RAN"\n',
      ".venv/lib/python3.11/site-packages/package/__init__.py": "VALUE: int = 1\n",
      "a.py": "from package import VALUE\n\nx: str = VALUE\n",
    });
    chmodSync(join(project, ".venv/bin/python"), 0o755);
    const { errors } = await fleet.diagnose(["a.py"], never);
    expect(errors.map(shown)).toEqual([expect.stringMatching(/^a\.py:3:10: .*reportAssignmentType/)]);
    expect(readdirSync(join(project, ".venv/bin"))).toEqual(["python"]);
  });
});

describe.skipIf(locate("clangd", process.env, "/nowhere") === undefined)("clangd", () => {
  it("finds an error, also one that a changed header makes", async () => {
    const { fleet, project } = fleetIn({
      "compile_flags.txt": "-std=c++17\n",
      "a.h": "inline int one() { return 1; }\n",
      "a.cpp": '#include "a.h"\nint two = one() + 1;\n',
    });
    const look = async () => (await fleet.diagnose(["a.cpp"], never)).errors.map(shown);
    expect(await look()).toEqual([]);
    writeFileSync(join(project, "a.h"), "inline int uno() { return 1; }\n");
    expect(await look()).toEqual([expect.stringMatching(/^a\.cpp:2:11: .*'one'.*undeclared_var_use/)]);
  });

  it("is not started where nothing says how files are compiled", async () => {
    const { fleet, pids } = fleetIn({ "a.cpp": "int x = ;\n" });
    expect((await fleet.diagnose(["a.cpp"], never)).unchecked).toEqual([
      { server: "clangd", reason: expect.stringContaining("it needs one of compile_commands.json") },
    ]);
    expect(pids()).toEqual([]);
  });
});

describe("processes", () => {
  it.skipIf(process.platform !== "linux")("of all servers are gone when the fleet is closed", async () => {
    const { fleet, pids } = fleetIn({ "tsconfig.json": TSCONFIG, "a.ts": "export {};\n", "a.py": "x = 1\n" });
    const { servers } = await fleet.diagnose(["a.ts", "a.py"], never);
    expect(servers).toEqual(["pyright-langserver", "typescript-language-server"]);
    expect(pids().flatMap(groupMembers).length).toBeGreaterThan(2);
    await fleet.close();
    expect(pids().flatMap(groupMembers)).toEqual([]);
  });
});
