import { describe, expect, it } from "vitest";
import { type Attempt, explainLoadFailure } from "../../src/native/load-failure.js";
import { installedTargets, type Machine, runningLibc, targetsFor } from "../../src/native/platform.js";
import { temporaryFolder } from "./temporary.js";

const GLIBC: Machine = {
  platform: "linux",
  architecture: "x64",
  libc: { family: "glibc", version: "2.12" },
};
const MUSL: Machine = { platform: "linux", architecture: "x64", libc: { family: "musl" } };
const MAC: Machine = { platform: "darwin", architecture: "arm64" };

function tried(message: string, found = true): Attempt {
  return { candidate: "/pkg/orchestrator.linux-x64-gnu.node", found, message };
}

describe("binaries for a machine", () => {
  it.each([
    [GLIBC, ["linux-x64-gnu", "linux-x64-musl"]],
    [MUSL, ["linux-x64-musl", "linux-x64-gnu"]],
    [MAC, ["darwin-arm64"]],
    [{ platform: "win32", architecture: "x64" } as const, ["win32-x64-msvc"]],
    [{ platform: "linux", architecture: "arm" } as const, []],
    [{ platform: "freebsd", architecture: "x64" } as const, []],
  ])("%j", (machine, targets) => expect(targetsFor(machine)).toEqual(targets));

  it("are the packages that lie beside ours", () => {
    const folder = temporaryFolder({ "orch-darwin-x64/package.json": "{}", "other/package.json": "{}" });
    expect(installedTargets(folder, "orch")).toEqual(["darwin-x64"]);
    expect(installedTargets("/nonexistent", "orch")).toEqual([]);
  });

  it.runIf(process.platform === "linux")("know the C library of this process", () => {
    expect(runningLibc()).toMatchObject({ family: expect.stringMatching(/^(glibc|musl)$/) });
  });
});

describe("a core that does not load is explained", () => {
  // The second column is what the systems' loaders say, word for word.
  it.each<[string, Machine, Attempt[], string[], RegExp, RegExp]>([
    [
      "no such platform",
      { platform: "freebsd", architecture: "x64" },
      [],
      [],
      /no native core for freebsd x64/,
      /Linux .*, macOS and Windows/,
    ],
    [
      "not installed",
      GLIBC,
      [tried("Cannot find module 'x'", false)],
      [],
      /for linux x64 \(glibc 2\.12\) is not installed/,
      /--omit=optional/,
    ],
    [
      "installed by an x64 program under Rosetta",
      MAC,
      [tried("Cannot find module 'x'", false)],
      ["darwin-x64"],
      /core for darwin-x64 is installed, and this program runs on darwin arm64/,
      /Rosetta/,
    ],
    [
      "glibc too old",
      GLIBC,
      [
        tried("Cannot find module 'y'", false),
        tried(
          "/lib64/libc.so.6: version `GLIBC_2.17' not found (required by /pkg/a.node), version `GLIBC_2.9' not found",
        ),
      ],
      ["linux-x64-gnu"],
      /needs glibc 2\.17, and this system has 2\.12/,
      /container/,
    ],
    [
      "musl's core in a glibc program",
      GLIBC,
      [tried("libc.musl-x86_64.so.1: cannot open shared object file: No such file or directory")],
      ["linux-x64-musl"],
      /another C library than this program's \(linux x64 \(glibc 2\.12\)\)/,
      /musl/,
    ],
    [
      "glibc's core in a musl program",
      MUSL,
      [
        tried(
          "Error loading shared library ld-linux-x86-64.so.2: No such file or directory (needed by /a.node)",
        ),
      ],
      ["linux-x64-gnu"],
      /another C library/,
      /musl/,
    ],
    [
      "another processor, on Linux",
      GLIBC,
      [
        tried(
          "/pkg/orchestrator.linux-x64-gnu.node: cannot open shared object file: No such file or directory",
        ),
      ],
      ["linux-x64-gnu"],
      /another architecture than this program/,
      /arm64/,
    ],
    [
      "another processor, on macOS",
      MAC,
      [
        tried(
          "dlopen(/a.node, 0x0001): tried: '/a.node' (mach-o file, but is an incompatible architecture (have 'x86_64', need 'arm64e' or 'arm64'))",
        ),
      ],
      ["darwin-arm64"],
      /another architecture/,
      /Rosetta/,
    ],
    [
      "another processor, on Windows",
      { platform: "win32", architecture: "x64" },
      [tried("\\\\?\\C:\\a.node is not a valid Win32 application.")],
      [],
      /another architecture/,
      /Install it again/,
    ],
    ["a damaged file", GLIBC, [tried("/pkg/a.node: file too short")], [], /damaged/, /Install it again/],
    [
      "a file system without programs",
      GLIBC,
      [tried("/pkg/a.node: failed to map segment from shared object: Operation not permitted")],
      [],
      /does not let programs be loaded from \/pkg/,
      /noexec/,
    ],
    ["something else", GLIBC, [tried("strange")], [], /could not be loaded/, /report the message/],
  ])("%s", (_, machine, attempts, installed, cause, wayOut) => {
    const explained = explainLoadFailure(machine, attempts, installed);
    expect(explained.cause).toMatch(cause);
    expect(explained.wayOut).toMatch(wayOut);
    expect(`${explained.cause}${explained.wayOut}`).not.toContain("\n");
  });
});
