import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type * as Binding from "./binding.js";
import { NativeError } from "./errors.js";
import { type Attempt, explainLoadFailure } from "./load-failure.js";
import { installedTargets, type Machine, targetsFor, thisMachine } from "./platform.js";

const NAME = "opencode-orchestrator";
let loaded: typeof Binding | undefined;

/**
 * The native core, loaded at its first use and once for the process.
 * @throws NativeError `ERR_ADDON`: the cause in its first line, the way out in its last, what was tried between them
 */
export function addon(): typeof Binding {
  loaded ??= load();
  return loaded;
}

function load(): typeof Binding {
  const require = createRequire(import.meta.url);
  const root = packageRoot();
  const attempts: Attempt[] = [];
  for (const candidate of candidates(root, require)) {
    try {
      return require(candidate) as typeof Binding;
    } catch (error) {
      const isMissing = (error as NodeJS.ErrnoException).code === "MODULE_NOT_FOUND";
      attempts.push({ candidate, found: !isMissing, message: firstLine(error) });
    }
  }
  throw failure(thisMachine(), attempts, installedTargets(dirname(root), NAME));
}

/** Files and packages to try. Which C library this is takes a while to find out, and mostly only one of two is there. */
function candidates(root: string, require: NodeJS.Require): string[] {
  const named = (machine: Machine) =>
    targetsFor(machine).map((target) => {
      // Installed from npm, the platform's package; in a checkout, the build's output.
      const local = join(root, "npm", target, `orchestrator.${target}.node`);
      return existsSync(local) ? local : `${NAME}-${target}`;
    });
  const all = named({ platform: process.platform, architecture: process.arch });
  const there = all.filter((candidate) => isThere(candidate, require));
  return there.length > 1 ? named(thisMachine()) : there.length > 0 ? there : all;
}

function isThere(candidate: string, require: NodeJS.Require): boolean {
  try {
    require.resolve(candidate);
    return true;
  } catch {
    return false;
  }
}

function failure(machine: Machine, attempts: readonly Attempt[], installed: readonly string[]): NativeError {
  const { cause, wayOut } = explainLoadFailure(machine, attempts, installed);
  const tried = attempts.map(({ candidate, message }) => `${candidate}: ${message}`);
  const { platform, architecture: arch, libc } = machine;
  return new NativeError("ERR_ADDON", [cause, ...tried, wayOut].join("\n"), {
    ...{ platform, arch, tried, cause, wayOut },
    ...(libc && { libc: libc.family }),
  });
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split("\n", 1)[0] ?? "";
}

/** The folder of our package.json: one up from the built file, two up from the source. */
function packageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  for (;;) {
    const manifest = join(folder, "package.json");
    if (
      existsSync(manifest) &&
      (JSON.parse(readFileSync(manifest, "utf8")) as { name?: string }).name === NAME
    )
      return folder;
    const parent = dirname(folder);
    if (parent === folder)
      throw new NativeError("ERR_ADDON", `the package.json of ${NAME} is not above this file`);
    folder = parent;
  }
}
