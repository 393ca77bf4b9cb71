import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const require = createRequire(import.meta.url);

/**
 * Path of the OpenCode program for this machine.
 *
 * It comes out of `opencode-ai`'s platform package and not out of that package's own `bin`, which
 * only its postinstall script fills in. `OPENCODE_BIN` overrides the choice.
 */
export function openCodeBinary(): string {
  const override = process.env["OPENCODE_BIN"];
  if (override) return override;
  // Platform packages are dependencies of `opencode-ai`: not every installer hoists them to us.
  const fromOpenCode = createRequire(require.resolve("opencode-ai/package.json"));
  const candidates = platformPackages();
  for (const name of candidates) {
    const path = binaryIn(name, fromOpenCode);
    if (path !== undefined) return path;
  }
  throw new Error(`no OpenCode program is installed for this machine; looked for ${candidates.join(", ")}`);
}

/** Version of the installed `opencode-ai`. */
export function openCodeVersion(): string {
  const manifest = readFileSync(require.resolve("opencode-ai/package.json"), "utf8");
  return (JSON.parse(manifest) as { version: string }).version;
}

function binaryIn(packageName: string, from: NodeJS.Require): string | undefined {
  try {
    const directory = dirname(from.resolve(`${packageName}/package.json`));
    const path = join(directory, "bin", process.platform === "win32" ? "opencode.exe" : "opencode");
    return existsSync(path) ? path : undefined;
  } catch {
    return undefined;
  }
}

/** Best first, in the order of `opencode-ai`'s own postinstall script. */
function platformPackages(): string[] {
  const platform = process.platform === "win32" ? "windows" : process.platform;
  const base = `opencode-${platform}-${process.arch}`;
  const libc = platform !== "linux" ? [""] : isMusl() ? ["-musl", ""] : ["", "-musl"];
  if (process.arch !== "x64") return libc.map((suffix) => base + suffix);
  const builds = hasAvx2() ? ["", "-baseline"] : ["-baseline", ""];
  return libc.flatMap((suffix) => builds.map((build) => base + build + suffix));
}

function isMusl(): boolean {
  const report = process.report?.getReport() as { header?: { glibcVersionRuntime?: string } } | undefined;
  return report?.header?.glibcVersionRuntime === undefined;
}

/** False where it cannot be told: the baseline build runs everywhere. */
function hasAvx2(): boolean {
  try {
    if (process.platform === "linux") return /\bavx2\b/.test(readFileSync("/proc/cpuinfo", "utf8"));
    if (process.platform === "darwin") {
      return execFileSync("sysctl", ["-n", "hw.optional.avx2_0"], { encoding: "utf8" }).trim() === "1";
    }
  } catch {
    // No such file or program: fall through.
  }
  return false;
}
