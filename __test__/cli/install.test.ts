import { chmodSync, existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../native/temporary.js";
import { run } from "./run.js";

// The plugin of this checkout, which must be built.
const SPEC = new URL("../../dist/server.js", import.meta.url).href;

/** A home with a configuration, and a function that runs commands in it. */
function stage(
  files: Record<string, string> = { ".config/opencode/opencode.jsonc": '{ "model": "a/b" }\n' },
) {
  const home = temporaryFolder(files);
  const file = join(home, ".config", "opencode", "opencode.jsonc");
  return {
    home,
    file,
    content: () => readFileSync(file, "utf8"),
    cli: (args: readonly string[], more = {}) =>
      run(args, { directory: home, surroundings: { home, variables: {} }, ...more }),
  };
}

describe("install and uninstall", () => {
  it("show what they change, change it, and take it back", async () => {
    const { file, cli, content } = stage();
    const installed = await cli(["install"]);
    expect(installed).toMatchObject({ code: 0, err: "" });
    expect(installed.out).toContain(
      `--- ${file}\n+++ ${file}\n@@ -1,1 +1,1 @@\n-{ "model": "a/b" }\n+{ "model": "a/b", "plugin": ["${SPEC}"] }\n`,
    );
    expect(installed.out).toContain(`${file}: changed; as it was: `);
    expect(content()).toBe(`{ "model": "a/b", "plugin": ["${SPEC}"] }\n`);
    expect((await cli(["install"])).out).toMatch(/ is installed already \(.*\)\.\n$/);
    expect((await cli(["uninstall"])).code).toBe(0);
    expect(content()).toBe('{ "model": "a/b" }\n');
    expect((await cli(["uninstall"])).out).toContain("The plugin is not in the configuration of ");
  });

  it("--dry-run shows it and writes nothing", async () => {
    const { home, cli, content } = stage();
    const { code, out, err } = await cli(["install", "--dry-run"]);
    expect({ code, err }).toEqual({ code: 0, err: "Nothing is written: leave out --dry-run." });
    expect(out).toContain(`+{ "model": "a/b", "plugin"`);
    expect(content()).toBe('{ "model": "a/b" }\n');
    expect(existsSync(join(home, ".local"))).toBe(false);
  });

  it("--json has one object for the program that reads it", async () => {
    const { file, cli } = stage();
    const dry = JSON.parse((await cli(["install", "--json", "--dry-run"])).out);
    expect(dry).toMatchObject({
      command: "install",
      dryRun: true,
      files: [
        { path: file, change: "changed", written: false, diff: expect.stringContaining("+++ ") },
        { path: expect.stringContaining("tui.json"), change: "created", written: false },
      ],
    });
    const { files } = JSON.parse((await cli(["install", "--json"])).out);
    expect(files).toMatchObject([
      { written: true, backup: expect.stringContaining("opencode.jsonc") },
      { written: true, change: "created" },
    ]);
    expect(readFileSync(files[0].backup, "utf8")).toBe('{ "model": "a/b" }\n');
    expect(JSON.parse((await cli(["install", "--json"])).out).files).toMatchObject([
      { change: "none" },
      { change: "none" },
    ]);
  });

  it("ask where somebody can answer, unless told not to", async () => {
    const { cli, content } = stage();
    const asked: string[] = [];
    const answering = (answer: boolean) => ({
      confirm: async (question: string) => {
        asked.push(question);
        return answer;
      },
    });
    const refused = await cli(["install"], answering(false));
    expect(refused).toMatchObject({ code: 1, err: "Nothing was changed." });
    expect(content()).toBe('{ "model": "a/b" }\n');
    expect((await cli(["install", "--dry-run"], answering(false))).code).toBe(0);
    expect((await cli(["install"], answering(true))).code).toBe(0);
    expect((await cli(["install"], answering(false))).code).toBe(0);
    expect(asked).toEqual(["Write this?", "Write this?"]);
    expect((await cli(["uninstall", "--yes"], answering(false))).code).toBe(0);
    expect(content()).toBe('{ "model": "a/b" }\n');
  });

  it("colour the diff for a terminal that has colours, and only there", async () => {
    const { cli } = stage();
    expect((await cli(["install", "--dry-run"], { colour: true })).out).toContain("\u001b[32m+{");
    expect((await cli(["install", "--dry-run"])).out).not.toContain("\u001b");
  });

  it("end with 2 for wrong usage, and with 3 when nothing could be done", async () => {
    const { file, cli, content } = stage();
    expect((await cli(["install", "there"])).code).toBe(2);
    expect((await cli(["uninstall", "--force"])).code).toBe(2);
    expect((await cli(["install", "--project", "nowhere"])).err).toContain("There is no folder ");
    chmodSync(file, 0o444);
    for (const args of [["install"], ["install", "--dry-run"]]) {
      const { code, err } = await cli(args);
      expect(code).toBe(3);
      expect(err).toContain(`${file} is read-only: make it writable (chmod u+w ${file})`);
    }
    expect(content()).toBe('{ "model": "a/b" }\n');
    const broken = stage({ ".config/opencode/opencode.jsonc": "{\n" });
    expect(await broken.cli(["install"])).toMatchObject({
      code: 3,
      err: expect.stringContaining(`${broken.file}:2:1: is not valid JSONC: close brace expected.`),
    });
  });

  it("work on a project with --project", async () => {
    const { home, cli, content } = stage();
    expect((await cli(["install", "--project", "."])).code).toBe(0);
    const made = join(home, "opencode.json");
    expect(JSON.parse(readFileSync(made, "utf8")).plugin).toEqual([SPEC]);
    expect(content()).toBe('{ "model": "a/b" }\n');
    expect((await cli(["uninstall", "--project", "."])).out).toContain(`${made}: removed`);
    expect(existsSync(made)).toBe(false);
  });
});

describe("rollback", () => {
  it("puts back the file that was changed last, and a second one undoes it", async () => {
    const { home, cli, content } = stage();
    expect((await cli(["rollback"])).out).toContain("There is nothing to put back");
    await cli(["install"]);
    const installed = content();
    expect((await cli(["rollback", "--dry-run"])).out).toContain('+{ "model": "a/b" }\n');
    expect(content()).toBe(installed);
    expect(await cli(["rollback"])).toMatchObject({ code: 0, out: expect.stringContaining("Rolled back.") });
    expect(content()).toBe('{ "model": "a/b" }\n');
    await cli(["rollback"]);
    expect(content()).toBe(installed);
    // Its record has gone with the first rollback: the entry goes, and nothing else.
    expect((await cli(["uninstall"])).code).toBe(0);
    expect(content()).toBe('{ "model": "a/b", "plugin": [] }\n');
    rmSync(join(home, ".config", "opencode", "opencode.jsonc"));
    expect((await cli(["rollback"])).out).toContain("opencode.jsonc: created");
    expect(content()).toBe(installed);
  });
});

describe("doctor", () => {
  it("says what is wrong and what to do, and ends with 1", async () => {
    const { cli } = stage();
    const { code, out } = await cli(["doctor"]);
    expect(code).toBe(1);
    expect(out).toContain("failed   opencode: there is no opencode in the PATH\n         → install it");
    expect(out).toContain("failed   plugin: the plugin is in no configuration");
    expect(out).toMatch(/\n\d failed, \d warnings?\.\n$/);
    expect((await cli(["doctor"], { colour: true })).out).toContain("\u001b[1;31mfailed");
  });

  it("--json has every finding", async () => {
    const { cli } = stage();
    const { ok, findings } = JSON.parse((await cli(["doctor", "--json"])).out);
    expect(ok).toBe(false);
    expect(findings).toContainEqual({
      check: "opencode",
      status: "failed",
      found: "there is no opencode in the PATH",
      fix: expect.any(String),
    });
  });

  it("ends with 2 for wrong usage, and with 3 without a project", async () => {
    const { cli } = stage();
    expect((await cli(["doctor", "now"])).code).toBe(2);
    expect((await cli(["doctor", "--project", "nowhere"])).code).toBe(3);
  });
});
