import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { TRIPLES } from "../../scripts/lib/platform.mjs";
import { targetsFor } from "../../src/native/platform.js";

const read = (path: string) => JSON.parse(readFileSync(path, "utf8"));
const own = read("package.json");
const OS = { linux: "linux", darwin: "darwin", win32: "win32" } as const;

describe("the platforms' packages", () => {
  it("are those that the build knows", () => {
    expect(readdirSync("npm").sort()).toEqual(Object.keys(TRIPLES).sort());
    expect([...own.napi.targets].sort()).toEqual(Object.values(TRIPLES).sort());
  });

  it.each(Object.keys(TRIPLES))("%s says where it fits, and the loader agrees", (name) => {
    const [os = "", cpu = "", abi] = name.split("-");
    const libc = abi === "gnu" ? "glibc" : abi === "musl" ? "musl" : undefined;
    expect(read(`npm/${name}/package.json`)).toMatchObject({
      name: `${own.name}-${name}`,
      version: own.version,
      license: own.license,
      repository: own.repository,
      engines: { node: own.engines.node },
      main: `orchestrator.${name}.node`,
      os: [OS[os as keyof typeof OS]],
      cpu: [cpu],
    });
    expect(read(`npm/${name}/package.json`).libc).toEqual(libc && [libc]);
    const machine = {
      platform: os as NodeJS.Platform,
      architecture: cpu,
      ...(libc && { libc: { family: libc } as const }),
    };
    expect(targetsFor(machine)[0]).toBe(name);
  });

  it("are all built by the release, for the same targets", () => {
    const workflow = readFileSync(".github/workflows/release.yml", "utf8");
    const built = [...workflow.matchAll(/\{ platform: (\S+), target: (\S+),/g)].map(([, name, triple]) => [
      name,
      triple,
    ]);
    expect(Object.fromEntries(built)).toEqual(TRIPLES);
  });

  it("are named by no dependency of the checkout, which could not install them", () => {
    expect(own.optionalDependencies).toBeUndefined();
    expect(own.dependencies).toBeUndefined();
  });
});
