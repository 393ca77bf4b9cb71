import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type * as Binding from "./binding.js";
import { NativeError } from "./errors.js";

const NAME = "opencode-orchestrator";
let loaded: typeof Binding | undefined;

/**
 * The native core, loaded at its first use and once for the process.
 * @throws NativeError `ERR_ADDON` naming the platform, what was tried, and the way out.
 */
export function addon(): typeof Binding {
  loaded ??= load();
  return loaded;
}

function load(): typeof Binding {
  const require = createRequire(import.meta.url);
  const tried: string[] = [];
  for (const target of targets()) {
    // Installed from npm, the platform's package; in a checkout, the build's output.
    const local = join(packageRoot(), "npm", target, `orchestrator.${target}.node`);
    for (const candidate of existsSync(local) ? [local] : [`${NAME}-${target}`]) {
      try {
        return require(candidate) as typeof Binding;
      } catch (error) {
        tried.push(
          `${candidate}: ${error instanceof Error ? error.message.split("\n", 1)[0] : String(error)}`,
        );
      }
    }
  }
  throw new NativeError(
    "ERR_ADDON",
    `the native core for ${process.platform} ${process.arch} could not be loaded:\n${tried.join("\n")}\n` +
      `Install it again without --no-optional (npm install ${NAME}), or build it from a checkout (npm start).`,
    { platform: process.platform, arch: process.arch, tried },
  );
}

/** Names of the platform's binaries, the likelier C library first. */
function targets(): string[] {
  const base = `${process.platform}-${process.arch}`;
  if (process.platform === "linux") return [`${base}-gnu`, `${base}-musl`];
  return [process.platform === "win32" ? `${base}-msvc` : base];
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
