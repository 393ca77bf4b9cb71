import { execFile } from "node:child_process";
import * as fs from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { ownPackage, type Surroundings } from "../install/index.js";
import { addon, runningLibc } from "../native/index.js";
import { processOwner } from "../node/index.js";
import type { DoctorPorts, Ran } from "./ports.js";
import { inspectState } from "./state-report.js";

/** How long a program has to answer. */
const RUN_TIMEOUT_MS = 20_000;

/** The real machine. */
export function thisMachine(directory: string, surroundings: Surroundings): DoctorPorts {
  return {
    files: fs,
    surroundings,
    directory,
    platform: process.platform,
    architecture: process.arch,
    libc: libc(),
    own: ownPackage(fs, fileURLToPath(import.meta.url)),
    findProgram: (name) => findProgram(name, surroundings.variables),
    run: (program, args) => run(program, args, surroundings.variables),
    loadAddon: () => void addon(),
    inspectState,
    isDead: (holder) => processOwner.isDead(holder),
  };
}

function libc(): string | undefined {
  const found = process.platform === "linux" ? runningLibc() : undefined;
  return found && [found.family, ...(found.version ? [found.version] : [])].join(" ");
}

/** As a shell finds it. */
export function findProgram(name: string, variables: Surroundings["variables"]): string | undefined {
  const windows = process.platform === "win32";
  const path = variables["PATH"] ?? (windows ? variables["Path"] : undefined) ?? "";
  const endings = windows ? (variables["PATHEXT"] ?? ".EXE;.CMD;.BAT").split(";") : [""];
  return path
    .split(delimiter)
    .filter((folder) => folder !== "")
    .flatMap((folder) => endings.map((ending) => join(folder, name + ending.toLowerCase())))
    .find(isProgram);
}

function isProgram(path: string): boolean {
  try {
    fs.accessSync(path, fs.constants.X_OK);
    return fs.statSync(path).isFile();
  } catch {
    return false;
  }
}

function run(program: string, args: readonly string[], variables: Surroundings["variables"]): Promise<Ran> {
  return new Promise((resolve) => {
    const options = {
      env: { ...variables },
      timeout: RUN_TIMEOUT_MS,
      windowsHide: true,
      // Node starts such a file through a shell only.
      shell: /\.(cmd|bat)$/i.test(program),
    };
    execFile(program, [...args], options, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === "number" ? error.code : null;
      resolve({ code, output: stdout || stderr || (error?.message ?? "") });
    });
  });
}
