import * as fs from "node:fs";
import { join } from "node:path";
import { type DoctorPorts, examine, type Finding } from "../../src/doctor/index.js";
import { temporaryFolder } from "../native/temporary.js";

/** A machine on which all is well, and what a test changes about it. */
export interface Broken {
  /** Contents by path below the user's home. */
  readonly home?: Readonly<Record<string, string>>;
  /** Contents by path below the project. */
  readonly project?: Readonly<Record<string, string>>;
  readonly variables?: Readonly<Record<string, string>>;
  readonly ports?: (healthy: DoctorPorts) => Partial<DoctorPorts>;
}

export const CONFIG = ".config/opencode/opencode.json";

const INSTALLED = {
  [CONFIG]: '{"model": "a/b", "plugin": ["opencode-orchestrator@1.2.3"]}',
  ".config/opencode/tui.json": '{"plugin": ["opencode-orchestrator@1.2.3"]}',
  ".config/opencode/node_modules/.keep": "",
  ".config/opencode/package-lock.json":
    '{"packages": {"": {"dependencies": {"@opencode-ai/plugin": "1.18.33"}}}}',
};

export function machine(broken: Broken = {}): DoctorPorts {
  const home = temporaryFolder({ ...INSTALLED, ...broken.home });
  const directory = temporaryFolder({ ".git/HEAD": "", ...broken.project });
  const healthy: DoctorPorts = {
    files: fs,
    surroundings: { home, variables: broken.variables ?? {} },
    directory,
    platform: "linux",
    architecture: "x64",
    libc: "glibc 2.36",
    own: { root: "/opt/opencode-orchestrator", version: "1.2.3" },
    findProgram: (name) => join("/bin", name),
    run: async (program) => ({
      code: 0,
      output: program === "/bin/opencode" ? "1.18.33\n" : `${directory}\n`,
    }),
    loadAddon: () => undefined,
    inspectState: async () => ({ kind: "none" }),
    isDead: () => false,
  };
  return { ...healthy, ...broken.ports?.(healthy) };
}

/** What is wrong, without what is well. */
export async function problems(ports: DoctorPorts): Promise<Finding[]> {
  return (await examine(ports)).filter(({ status }) => status !== "ok");
}
