import { mkdirSync, realpathSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, it, vi } from "vitest";
import { Searcher } from "../../src/native/index.js";
import { searchTools } from "../../src/tools/index.js";
import { searchScope } from "../../src/tools/paths.js";
import { temporaryFolder } from "../native/temporary.js";

/** A context that records what it is asked, and grants it or not. */
function context(granted = true, worktree = "/") {
  const asked: { permission: string; patterns: readonly string[] }[] = [];
  const ask = async (question: { permission: string; patterns: readonly string[] }) => {
    asked.push({ permission: question.permission, patterns: question.patterns });
    if (!granted) throw new Error("rejected by the user");
  };
  const call = {
    sessionID: "s",
    abort: new AbortController().signal,
    ask,
    metadata: () => undefined,
    worktree,
  };
  return { asked, call: call as never };
}

const project = () => realpathSync(temporaryFolder({ "src/a.ts": "needle();\n", "top.ts": "" }));
const outside = () => realpathSync(temporaryFolder({ "secret.ts": "needle();\n" }));

describe("the place of a search", () => {
  it.each([
    [undefined, "", "", false],
    [".", "", "", false],
    ["", "", "", false],
    ["src", "src", "src/", false],
    ["src/", "src", "src/", false],
    ["./src//", "src", "src/", false],
    ["src/a.ts", "src/a.ts", "src/", true],
    ["src/a.ts/", "src/a.ts", "src/", true],
    ["top.ts", "top.ts", "", true],
    ["src/../top.ts", "top.ts", "", true],
  ])("%j is in the project, and nobody is asked", async (path, root, prefix, isFile) => {
    const directory = project();
    const { asked, call } = context(false);
    expect(await searchScope(directory, path, call)).toEqual({ root: join(directory, root), prefix, isFile });
    expect(asked).toEqual([]);
  });

  it("takes an absolute path and a file URL, with what is escaped in it", async () => {
    const directory = project();
    mkdirSync(join(directory, "with space"));
    const { call } = context(false);
    const wanted = { root: join(directory, "with space"), prefix: "with space/", isFile: false };
    expect(await searchScope(directory, join(directory, "with space"), call)).toEqual(wanted);
    expect(await searchScope(directory, pathToFileURL(wanted.root).href, call)).toEqual(wanted);
    await expect(searchScope(directory, "file://elsewhere/x", call)).rejects.toThrow(
      "file://elsewhere/x names no file of this computer",
    );
  });

  it("takes ~ for the home, which is outside", async () => {
    const home = outside();
    vi.stubEnv("HOME", home);
    vi.stubEnv("USERPROFILE", home);
    try {
      for (const [path, root] of [
        ["~", home],
        ["~/", home],
        ["~/secret.ts", join(home, "secret.ts")],
      ] as const) {
        const { asked, call } = context();
        expect(await searchScope(project(), path, call)).toMatchObject({ root, prefix: `${home}/` });
        expect(asked).toEqual([{ permission: "external_directory", patterns: [join(home, "*")] }]);
      }
    } finally {
      vi.unstubAllEnvs();
    }
  });

  it.each(["..", "../", "/", "src/../.."])(
    "%s is outside: the user is asked, and may refuse",
    async (path) => {
      const { asked, call } = context(false);
      await expect(searchScope(project(), path, call)).rejects.toThrow("rejected by the user");
      expect(asked[0]?.permission).toBe("external_directory");
    },
  );

  it("is not outside in a folder of the same repository, nor in one that only begins alike", async () => {
    const repository = realpathSync(temporaryFolder({ "app/a.ts": "", "lib/b.ts": "", "app2/c.ts": "" }));
    const directory = join(repository, "app");
    const inside = context(false, repository);
    expect(await searchScope(directory, "../lib", inside.call)).toMatchObject({ prefix: "../lib/" });
    const alone = context(false);
    await expect(searchScope(directory, "../app2", alone.call)).rejects.toThrow("rejected");
  });

  it("says what is wrong with a path", async () => {
    const directory = project();
    symlinkSync("loop", join(directory, "loop"));
    const { call } = context();
    await expect(searchScope(directory, "none.ts", call)).rejects.toThrow(
      "There is no none.ts: give a path relative to the project, or an absolute one.",
    );
    await expect(searchScope(directory, "~nobody/x", call)).rejects.toThrow("There is no ~nobody/x");
    await expect(searchScope(directory, "loop", call)).rejects.toThrow(
      "loop is a link that leads back to itself",
    );
  });
});

describe("a symbolic link", () => {
  it.each(["out", "out/", "out/secret.ts", "src/../out", "file"])(
    "that leads out of the project is asked about as what it points to: %s",
    async (path) => {
      const [directory, target] = [project(), outside()];
      symlinkSync(target, join(directory, "out"));
      symlinkSync(join(target, "secret.ts"), join(directory, "file"));
      const refused = context(false);
      await expect(searchScope(directory, path, refused.call)).rejects.toThrow("rejected by the user");
      expect(refused.asked).toEqual([{ permission: "external_directory", patterns: [join(target, "*")] }]);
      const granted = await searchScope(directory, path, context().call);
      expect(granted.root.startsWith(target)).toBe(true);
      expect(granted.prefix).toBe(`${target}/`);
    },
  );

  it("that stays inside is searched as, and named by, what it points to", async () => {
    const directory = project();
    symlinkSync("src", join(directory, "link"));
    const { asked, call } = context(false);
    expect(await searchScope(directory, "link/a.ts", call)).toEqual({
      root: join(directory, "src", "a.ts"),
      prefix: "src/",
      isFile: true,
    });
    expect(asked).toEqual([]);
  });

  it("on the way to the project does not put the project outside", async () => {
    const directory = project();
    const alias = join(temporaryFolder(), "alias");
    symlinkSync(directory, alias);
    const { asked, call } = context(false);
    for (const [from, path] of [
      [alias, "src"],
      [alias, join(directory, "src")],
      [directory, join(alias, "src")],
    ] as const)
      expect(await searchScope(from, path, call)).toMatchObject({
        root: join(directory, "src"),
        prefix: "src/",
      });
    expect(asked).toEqual([]);
  });

  it("is not followed by a search: nothing that is found lies elsewhere", async () => {
    const [directory, target] = [project(), outside()];
    symlinkSync(target, join(directory, "out"));
    symlinkSync(join(target, "secret.ts"), join(directory, "secret.ts"));
    const search = new Searcher({ index: false });
    const ports = {
      directory,
      search,
      assertWritable: async () => undefined,
      recordChanged: () => undefined,
      editing: async () => undefined,
      edited: async () => undefined,
    };
    const tools = searchTools(ports);
    const { call } = context(false);
    const answers = await Promise.all([
      tools["grep"]?.execute({ pattern: "needle", hidden: true }, call),
      tools["glob"]?.execute({ pattern: "**/*.ts" }, call),
      tools["ast_search"]?.execute({ pattern: "needle()" }, call),
      tools["ast_rewrite"]?.execute({ pattern: "needle()", replacement: "pin()" }, call),
    ]);
    for (const answer of answers) {
      expect(answer).toContain("src/a.ts");
      expect(answer).not.toContain("secret");
    }
  });
});
