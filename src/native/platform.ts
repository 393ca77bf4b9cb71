import { existsSync, readdirSync, readFileSync } from "node:fs";

/** The C library that this program is linked with; the version of a glibc where it is known. */
export interface Libc {
  readonly family: "glibc" | "musl";
  readonly version?: string | undefined;
}

/** What decides which binary fits. */
export interface Machine {
  readonly platform: NodeJS.Platform;
  readonly architecture: string;
  /** On Linux only. */
  readonly libc?: Libc | undefined;
}

/** Every binary that there is: the names of the packages below npm/. */
const TARGETS: readonly string[] = [
  "linux-x64-gnu",
  "linux-arm64-gnu",
  "linux-x64-musl",
  "linux-arm64-musl",
  "darwin-x64",
  "darwin-arm64",
  "win32-x64-msvc",
  "win32-arm64-msvc",
];

/** The machine as this program sees it: an x64 program on an arm64 machine is on an x64 one. */
export function thisMachine(): Machine {
  const { platform, arch } = process;
  return { platform, architecture: arch, ...(platform === "linux" && { libc: runningLibc() }) };
}

/** Binaries for a machine, the likelier first: what a machine says of its C library need not be right. */
export function targetsFor({ platform, architecture, libc }: Machine): string[] {
  const base = `${platform}-${architecture}`;
  const fitting = TARGETS.filter((target) => target === base || target.startsWith(`${base}-`));
  return libc?.family === "musl" ? fitting.reverse() : fitting;
}

/** `linux arm64 (musl)`: for people. */
export function machineName({ platform, architecture, libc }: Machine): string {
  const version = libc?.version === undefined ? "" : ` ${libc.version}`;
  return `${platform} ${architecture}${libc ? ` (${libc.family}${version})` : ""}`;
}

/** Platforms whose package lies in a folder of packages. */
export function installedTargets(folder: string, packageName: string): string[] {
  const prefix = `${packageName}-`;
  const names = existsSync(folder) ? readdirSync(folder) : [];
  return names.filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length));
}

/**
 * Of this process, not of the system: one with glibc can have musl's loader too. The report takes some milliseconds in
 * Node, so it is asked for when something is wrong and not at every start.
 */
export function runningLibc(): Libc | undefined {
  const report = process.report?.getReport() as { header?: { glibcVersionRuntime?: string } } | undefined;
  const version = report?.header?.glibcVersionRuntime;
  if (version !== undefined) return { family: "glibc", version };
  try {
    // Where a runtime's report says nothing of glibc.
    const maps = readFileSync("/proc/self/maps", "utf8");
    if (/\/(libc\.so\.6|libc-2\.\d+\.so|ld-linux[^/\n]*)$/m.test(maps)) return { family: "glibc" };
    if (/\/(ld-musl-|libc\.musl-)[^/\n]*$/m.test(maps)) return { family: "musl" };
  } catch {
    // No /proc: the report alone decides.
  }
  return report === undefined ? undefined : { family: "musl" };
}
