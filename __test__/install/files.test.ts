import * as fs from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  apply,
  applyAll,
  type FileSystem,
  InstallError,
  type Level,
  planInstall,
  planUninstall,
  type Surroundings,
} from "../../src/install/index.js";
import { temporaryFolder } from "../native/temporary.js";
import { configurations } from "./configurations.js";
import { FAULTS, FaultyFiles } from "./faulty-files.js";

const SPEC = "opencode-orchestrator@1.2.3";
const USER: Level = { kind: "user" };
const now = () => new Date(0);

/** A user's home of its own, with files in OpenCode's folder. */
function userHome(files: Record<string, string | Buffer> = {}, variables: Surroundings["variables"] = {}) {
  const home = temporaryFolder(
    Object.fromEntries(Object.entries(files).map(([name, text]) => [`.config/opencode/${name}`, text])),
  );
  const at = (name: string) => join(home, ".config", "opencode", name);
  return { home, at, surroundings: { home, variables } };
}

function install(surroundings: Surroundings, level = USER, files: FileSystem = fs) {
  const change = planInstall(level, SPEC, { files, surroundings });
  return { change, ...apply(change, { files, surroundings, now }) };
}

function uninstall(surroundings: Surroundings, level = USER, files: FileSystem = fs) {
  return planUninstall(level, { files, surroundings }).map((change) =>
    apply(change, { files, surroundings, now }),
  );
}

/** Every path below a folder, but for the copies of edited files. */
function listing(folder: string): string[] {
  return (fs.readdirSync(folder, { recursive: true }) as string[])
    .filter((path) => !/^\.local/.test(path))
    .sort();
}

function temporaries(folder: string): string[] {
  return (fs.readdirSync(folder, { recursive: true }) as string[]).filter((path) => path.endsWith(".tmp"));
}

function thrownBy(action: () => unknown): InstallError {
  try {
    action();
  } catch (error) {
    if (error instanceof InstallError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

describe("install and uninstall", () => {
  it("leave any file as it was, to the byte, with its mode and its link", () => {
    fc.assert(
      fc.property(
        configurations(false),
        fc.constantFrom("opencode.json", "opencode.jsonc", "config.json"),
        fc.constantFrom(0o600, 0o640, 0o644),
        fc.boolean(),
        ({ text }, name, mode, linked) => {
          const { home, at, surroundings } = userHome({ [name]: text });
          if (linked) {
            fs.renameSync(at(name), join(home, "dotfile"));
            fs.symlinkSync("../../dotfile", at(name));
          }
          fs.chmodSync(at(name), mode);
          const before = listing(home);
          expect(install(surroundings)).toMatchObject({ written: true });
          const installed = fs.readFileSync(at(name));
          expect(installed.includes(SPEC)).toBe(true);
          expect(fs.statSync(at(name)).mode & 0o777).toBe(mode);
          expect(install(surroundings)).toMatchObject({ written: false });
          expect(fs.readFileSync(at(name)).equals(installed)).toBe(true);
          expect(uninstall(surroundings)).toMatchObject([{ written: true }]);
          expect(fs.readFileSync(at(name), "utf8")).toBe(text);
          expect(fs.statSync(at(name)).mode & 0o777).toBe(mode);
          expect(fs.lstatSync(at(name)).isSymbolicLink()).toBe(linked);
          expect(listing(home)).toEqual(before);
          expect(uninstall(surroundings)).toEqual([]);
        },
      ),
      { numRuns: 150 },
    );
  });

  it("make the file and its folders where there are none, and take them away again", () => {
    const { home, at, surroundings } = userHome();
    expect(install(surroundings).change.path).toBe(at("opencode.json"));
    expect(JSON.parse(fs.readFileSync(at("opencode.json"), "utf8"))).toEqual({
      $schema: "https://opencode.ai/config.json",
      plugin: [SPEC],
    });
    uninstall(surroundings);
    expect(listing(home)).toEqual([]);
  });

  it("keep a file that was made for the plugin and has become the user's", () => {
    const { at, surroundings } = userHome();
    install(surroundings);
    const file = at("opencode.json");
    fs.writeFileSync(file, fs.readFileSync(file, "utf8").replace("\n  ", '\n  "model": "a/b",\n  '));
    uninstall(surroundings);
    expect(JSON.parse(fs.readFileSync(file, "utf8"))).toEqual({
      $schema: "https://opencode.ai/config.json",
      model: "a/b",
    });
  });

  it("write where OpenCode reads plugins: of the user's files, the last array hides the others", () => {
    const list = (name: string) => `{"plugin": ["${name}"]}`;
    const cases: [Record<string, string>, string][] = [
      [{ "opencode.json": list("a"), "opencode.jsonc": list("b") }, "opencode.jsonc"],
      [{ "opencode.json": list("a"), "opencode.jsonc": "{}" }, "opencode.json"],
      [{ "config.json": "{}", "opencode.json": "{}" }, "opencode.json"],
      [{ "opencode.json": list("opencode-orchestrator"), "opencode.jsonc": list("b") }, "opencode.jsonc"],
      [{ "opencode.json": list("opencode-orchestrator"), "opencode.jsonc": "{}" }, "opencode.json"],
    ];
    for (const [files, expected] of cases) {
      const { at, surroundings } = userHome(files);
      expect(planInstall(USER, SPEC, { files: fs, surroundings }).path).toBe(at(expected));
    }
  });

  it("follow XDG_CONFIG_HOME, and find the plugin in the files that the environment names", () => {
    const elsewhere = temporaryFolder({ "mine.json": '{"plugin": ["opencode-orchestrator@0.1.0"]}' });
    const { surroundings } = userHome({}, { XDG_CONFIG_HOME: elsewhere });
    expect(planInstall(USER, SPEC, { files: fs, surroundings }).path).toBe(
      join(elsewhere, "opencode", "opencode.json"),
    );
    const named = { ...surroundings, variables: { OPENCODE_CONFIG: join(elsewhere, "mine.json") } };
    expect(install(named).change.path).toBe(join(elsewhere, "mine.json"));
    expect(fs.readFileSync(join(elsewhere, "mine.json"), "utf8")).toBe(`{"plugin": ["${SPEC}"]}`);
  });

  it("work on a project: on the file that it has", () => {
    const { surroundings } = userHome();
    const cases: [Record<string, string>, string][] = [
      [{}, "opencode.json"],
      [{ "opencode.json": "{}", "opencode.jsonc": "{}" }, "opencode.jsonc"],
      [{ ".opencode/opencode.json": "{}" }, ".opencode/opencode.json"],
      [{ ".opencode/opencode.json": '{"plugin": []}', "opencode.json": "{}" }, ".opencode/opencode.json"],
    ];
    for (const [files, expected] of cases) {
      const directory = temporaryFolder(files);
      const before = listing(directory);
      const level: Level = { kind: "project", directory };
      expect(install(surroundings, level).change.path).toBe(join(directory, expected));
      uninstall(surroundings, level);
      expect(listing(directory)).toEqual(before);
      for (const [path, text] of Object.entries(files))
        expect(fs.readFileSync(join(directory, path), "utf8")).toBe(text);
    }
  });

  it("keep the last five copies of the file as it was", () => {
    const { home, at, surroundings } = userHome({ "opencode.json": "{}" });
    let time = 0;
    for (let round = 0; round < 4; round++)
      for (const change of [
        () => planInstall(USER, SPEC, { files: fs, surroundings }),
        () => planUninstall(USER, { files: fs, surroundings })[0],
      ]) {
        const planned = change();
        // Two within one millisecond are two copies all the same.
        if (planned) apply(planned, { files: fs, surroundings, now: () => new Date(time++ / 2) });
      }
    expect(fs.readFileSync(at("opencode.json"), "utf8")).toBe("{}");
    const backups = join(home, ".local", "state", "opencode-orchestrator", "backups");
    const [folder = ""] = fs.readdirSync(backups);
    expect(fs.readdirSync(join(backups, folder))).toHaveLength(5);
  });
});

describe("nothing is changed, and the error says why and where,", () => {
  it("when the file is broken", () => {
    const { at, surroundings } = userHome({ "opencode.jsonc": '{\n  "a": 1\n  "b": 2\n}' });
    const error = thrownBy(() => install(surroundings));
    expect(error.code).toBe("ERR_CONFIG");
    expect(error.message).toContain(`${at("opencode.jsonc")}:3:3: is not valid JSONC: comma expected. `);
  });

  it("when it is no text", () => {
    const { surroundings } = userHome({ "opencode.json": Buffer.from([0x7b, 0xff, 0x7d]) });
    expect(thrownBy(() => install(surroundings)).message).toContain("is not UTF-8 text");
  });

  it("when it is read-only", () => {
    const { at, surroundings } = userHome({ "opencode.json": "{}" });
    fs.chmodSync(at("opencode.json"), 0o444);
    const error = thrownBy(() => install(surroundings));
    expect(error.code).toBe("ERR_READ_ONLY");
    expect(error.message).toContain(`chmod u+w ${at("opencode.json")}`);
    expect(fs.readFileSync(at("opencode.json"), "utf8")).toBe("{}");
  });

  it("when it is a link to nothing", () => {
    const { at, surroundings } = userHome({ "other.json": "{}" });
    fs.symlinkSync("nowhere.json", at("opencode.json"));
    expect(thrownBy(() => install(surroundings)).message).toContain("link to a file that is not there");
  });

  it("when somebody else has written it meanwhile", () => {
    const { at, surroundings } = userHome({ "opencode.json": "{}" });
    const change = planInstall(USER, SPEC, { files: fs, surroundings });
    fs.writeFileSync(at("opencode.json"), '{"a": 1}');
    const error = thrownBy(() => apply(change, { files: fs, surroundings, now }));
    expect(error.code).toBe("ERR_CHANGED");
    expect(fs.readFileSync(at("opencode.json"), "utf8")).toBe('{"a": 1}');
  });
});

describe.each(FAULTS)("whatever file operation fails (%s)", (fault) => {
  const ORIGINAL = '\uFEFF{\r\n  "model": "a/b" // mine\r\n}\r\n';

  it.each([
    ["install", ORIGINAL],
    ["uninstall", ORIGINAL],
    ["install", undefined],
    ["uninstall", undefined],
  ] as const)("%s leaves the original or the finished file (%j)", (action, original) => {
    const finished = (() => {
      const { at, surroundings } = userHome(original === undefined ? {} : { "opencode.json": original });
      install(surroundings);
      return fs.readFileSync(at("opencode.json"), "utf8");
    })();
    let faults = 0;
    for (let at = 0; ; at++) {
      const home = userHome(original === undefined ? {} : { "opencode.json": original });
      if (action === "uninstall") install(home.surroundings);
      const faulty = new FaultyFiles(at, fault);
      try {
        (action === "install" ? install : uninstall)(home.surroundings, USER, faulty.files);
      } catch {
        faults++;
      }
      const file = home.at("opencode.json");
      const now = fs.existsSync(file) ? fs.readFileSync(file, "utf8") : undefined;
      expect([original, finished]).toContain(now);
      if (fault !== "death") expect(temporaries(home.home)).toEqual([]);
      // Whatever was left behind, the next run gets it done.
      (action === "install" ? install : uninstall)(home.surroundings);
      const after = fs.existsSync(file) ? fs.readFileSync(file, "utf8") : undefined;
      expect(after).toBe(action === "install" ? finished : original);
      if (faulty.calls <= at) break;
    }
    expect(faults).toBeGreaterThan(10);
  });
});

describe("both parts together", () => {
  const both = (surroundings: Surroundings, files: FileSystem = fs) => [
    planInstall(USER, SPEC, { files, surroundings }),
    planInstall(USER, SPEC, { files, surroundings }, "tui"),
  ];
  const installBoth = (surroundings: Surroundings, files: FileSystem = fs) =>
    applyAll(both(surroundings, files), { files, surroundings, now });
  const uninstallBoth = (surroundings: Surroundings, files: FileSystem = fs) =>
    applyAll(planUninstall(USER, { files, surroundings }), { files, surroundings, now });

  it("go into files of their own, and leave them as they were, to the byte", () => {
    fc.assert(
      fc.property(configurations(false), fc.option(configurations(false)), ({ text }, terminal) => {
        const { home, at, surroundings } = userHome({
          "opencode.json": text,
          ...(terminal && { "tui.json": terminal.text }),
        });
        const before = listing(home);
        expect(installBoth(surroundings)).toMatchObject([{ written: true }, { written: true }]);
        for (const name of ["opencode.json", "tui.json"])
          expect(fs.readFileSync(at(name), "utf8")).toContain(SPEC);
        expect(installBoth(surroundings)).toMatchObject([{ written: false }, { written: false }]);
        uninstallBoth(surroundings);
        expect(fs.readFileSync(at("opencode.json"), "utf8")).toBe(text);
        if (terminal) expect(fs.readFileSync(at("tui.json"), "utf8")).toBe(terminal.text);
        expect(listing(home)).toEqual(before);
      }),
      { numRuns: 40 },
    );
  });

  it.each([
    ["install", { "opencode.json": '{"a": 1}', "tui.json": '{"theme": "x"}' }],
    ["install", {}],
    ["uninstall", { "opencode.json": '{"a": 1}', "tui.json": '{"theme": "x"}' }],
    ["uninstall", { "opencode.json": '{"a": 1}' }],
  ] as const)("%s all or nothing, whichever file operation is refused (%j)", (action, original) => {
    const snapshot = (home: string) =>
      listing(home)
        .filter((path) => path.endsWith(".json"))
        .map((path) => [path, fs.readFileSync(join(home, path), "utf8")]);
    const ends = (() => {
      const { home, surroundings } = userHome(original);
      const without = snapshot(home);
      installBoth(surroundings);
      return { without, installed: snapshot(home) };
    })();
    let faults = 0;
    for (let at = 0; ; at++) {
      const { home, surroundings } = userHome(original);
      if (action === "uninstall") installBoth(surroundings);
      const faulty = new FaultyFiles(at, "refused");
      try {
        (action === "install" ? installBoth : uninstallBoth)(surroundings, faulty.files);
      } catch {
        faults++;
      }
      expect([ends.without, ends.installed]).toContainEqual(snapshot(home));
      expect(temporaries(home)).toEqual([]);
      (action === "install" ? installBoth : uninstallBoth)(surroundings);
      expect(snapshot(home)).toEqual(action === "install" ? ends.installed : ends.without);
      if (faulty.calls <= at) break;
    }
    expect(faults).toBeGreaterThan(20);
  });
});
