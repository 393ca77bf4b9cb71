import { dirname } from "node:path";
import { type Machine, machineName, targetsFor } from "./platform.js";

/** One binary that was tried, and why it did not load. */
export interface Attempt {
  /** A file, or the name of a package. */
  readonly candidate: string;
  /** False: there is no such package. */
  readonly found: boolean;
  readonly message: string;
}

export interface LoadFailure {
  readonly cause: string;
  readonly wayOut: string;
}

const REINSTALL =
  "Install it again with optional dependencies (npm install opencode-orchestrator, without --omit=optional); " +
  "in a checkout, npm start builds it.";

/** Why no binary could be loaded, and what to do about it. `installed` are the platforms whose package is there. */
export function explainLoadFailure(
  machine: Machine,
  attempts: readonly Attempt[],
  installed: readonly string[],
): LoadFailure {
  const name = machineName(machine);
  if (targetsFor(machine).length === 0)
    return {
      cause: `there is no native core for ${name}`,
      wayOut: "It is made for Linux (glibc 2.17 or later, or musl), macOS and Windows, on x64 and arm64.",
    };
  const found = attempts.filter((attempt) => attempt.found);
  if (found.length === 0) return notThere(machine, name, installed);
  for (const { candidate, message } of found) {
    const known = KNOWN.map((explain) => explain(message, machine, candidate)).find(Boolean);
    if (known) return known;
  }
  return {
    cause: `the native core for ${name} could not be loaded`,
    wayOut: `${REINSTALL} If it stays so, please report the message above.`,
  };
}

function notThere(machine: Machine, name: string, installed: readonly string[]): LoadFailure {
  const others = installed.filter((target) => !targetsFor(machine).includes(target));
  if (others.length === 0)
    return { cause: `the native core for ${name} is not installed`, wayOut: REINSTALL };
  return {
    cause: `the native core for ${others.join(", ")} is installed, and this program runs on ${name}`,
    wayOut:
      "Install it again with the program that shall run it. A program of another architecture than the machine's, such as " +
      "an x64 Node.js or OpenCode under Rosetta, needs the package of its own architecture; folders node_modules cannot be " +
      "taken from one system to another.",
  };
}

type Explain = (message: string, machine: Machine, candidate: string) => LoadFailure | undefined;

/** What the systems' loaders say. */
const KNOWN: readonly Explain[] = [
  (message, { libc }) => {
    const versions = [...message.matchAll(/GLIBC_(\d+)\.(\d+)(?=[^\n]*not found)/g)];
    const newest = versions
      .map(([, major, minor]) => [Number(major), Number(minor)] as const)
      .sort(descending)[0];
    return (
      newest && {
        cause: `the native core needs glibc ${newest.join(".")}, and this system has ${libc?.version ?? "an older one"}`,
        wayOut: "Update the system, or run OpenCode in a container with a newer one.",
      }
    );
  },
  (message, machine) =>
    /(libc\.musl-\S+|ld-musl-\S+|ld-linux\S*|libc\.so\.6|libc\.so)\b.*(no such file|not found|cannot open)|Error loading shared library (libc|ld-)/i.test(
      message,
    )
      ? {
          cause: `the native core that is installed was built for another C library than this program's (${machineName(machine)})`,
          wayOut: `${REINSTALL} On Alpine and other systems with musl, use a program that was built for musl.`,
        }
      : undefined,
  (message, machine) =>
    // The last is what glibc says of a file that is there and is for another processor.
    /incompatible architecture|wrong ELF class|not a valid Win32 application|Exec format error|\.node: cannot open shared object file/i.test(
      message,
    )
      ? {
          cause: `the native core that is installed is of another architecture than this program (${machineName(machine)})`,
          wayOut:
            "Install it again with the program that shall run it, such as an arm64 Node.js on an arm64 machine instead of an " +
            "x64 one under Rosetta.",
        }
      : undefined,
  (message) =>
    /file too short|invalid ELF header|truncated|not a mach-o file|bad magic/i.test(message)
      ? { cause: "the file of the native core is damaged", wayOut: REINSTALL }
      : undefined,
  (message, _, candidate) =>
    /failed to map segment|operation not permitted|permission denied|access is denied/i.test(message)
      ? {
          cause: `the system does not let programs be loaded from ${dirname(candidate)}`,
          wayOut:
            "Allow it there (a file system that is mounted noexec, or a rule of SELinux, AppArmor or an antivirus), or install " +
            "the package elsewhere.",
        }
      : undefined,
];

function descending([a, b]: readonly [number, number], [c, d]: readonly [number, number]): number {
  return c - a || d - b;
}
