import { chmodSync, mkdirSync, symlinkSync } from "node:fs";
import { delimiter, join } from "node:path";
import { describe, expect, it } from "vitest";
import { locate, serverEnvironment } from "../../src/lsp/locate.js";
import { temporaryFolder } from "../native/temporary.js";

/** A project and a folder of programs, both with a program `server`. */
function folders() {
  const project = temporaryFolder({ "bin/server": "#!/bin/sh\n" });
  const programs = temporaryFolder({ server: "#!/bin/sh\n", data: "no program" });
  for (const path of [join(project, "bin/server"), join(programs, "server")]) chmodSync(path, 0o755);
  return { project, programs };
}

describe.skipIf(process.platform === "win32")("a server's program", () => {
  it("is found on the PATH, and only there", () => {
    const { project, programs } = folders();
    expect(locate("server", { PATH: `/nowhere${delimiter}${programs}` }, project)).toBe(
      join(programs, "server"),
    );
    expect(locate("data", { PATH: programs }, project)).toBeUndefined();
    expect(locate("server", {}, project)).toBeUndefined();
  });

  it("is never the project's: not by a folder of it on the PATH, a relative one, or a link", () => {
    const { project, programs } = folders();
    const linked = temporaryFolder();
    mkdirSync(join(linked, "programs"));
    symlinkSync(join(project, "bin/server"), join(linked, "programs/server"));
    symlinkSync(join(project, "bin"), join(linked, "bin"));
    const bad = [join(project, "bin"), "bin", "", ".", join(linked, "programs"), join(linked, "bin")];
    expect(locate("server", { PATH: bad.join(delimiter) }, project)).toBeUndefined();
    expect(locate("server", { PATH: [...bad, programs].join(delimiter) }, project)).toBe(
      join(programs, "server"),
    );
  });

  it("hears nothing of the environment that could name a program of the project's", () => {
    const { project, programs } = folders();
    const variables = {
      PATH: ["bin", join(project, "bin"), programs].join(delimiter),
      HOME: "/home/me",
      GOPATH: join(project, "go"),
      NODE_OPTIONS: "--require ./evil.js",
      NODE_PATH: project,
      PYTHONPATH: project,
      LD_PRELOAD: join(project, "evil.so"),
      GOFLAGS: "-toolexec=./evil",
    };
    expect(serverEnvironment(variables, project)).toEqual({ PATH: programs, HOME: "/home/me" });
  });
});
