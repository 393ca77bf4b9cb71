import { existsSync, mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { addonBuild } from "./addon-build.mjs";
import { thisPlatform } from "./platform.mjs";
import { mustRun, run, SetupError } from "./run.mjs";
import { digest, isFresh, writeStamp } from "./stamp.mjs";

const MIN_NODE = [20, 19];
const MIN_RUST = [1, 95];
const STAMPS = join("node_modules", ".cache", "orchestrator");

/** Brings a checkout to where it runs: dependencies, native core, TypeScript. What is up to date is left alone. */
export async function setup() {
  checkNode();
  await installDependencies();
  await buildNative();
  await buildTypeScript();
}

function checkNode() {
  if (isBelow(process.versions.node, MIN_NODE))
    throw new SetupError(
      `Node ${MIN_NODE.join(".")} or later is needed; this is ${process.versions.node}. Get it from https://nodejs.org.`,
    );
}

async function installDependencies() {
  const installed = join("node_modules", ".package-lock.json");
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync("package-lock.json").mtimeMs) return;
  // Not `npm ci`: it refuses a lock file without the binaries of every other platform, and a registry's mirror need
  // not have them. This takes the locked versions all the same, and leaves the lock file alone.
  await mustRun("installing npm dependencies", "npm", ["install", "--no-save", "--no-audit", "--no-fund"]);
}

async function buildNative() {
  const platform = thisPlatform();
  if (!platform)
    throw new SetupError(
      `There is no native core for ${process.platform} ${process.arch}: Linux, macOS and Windows on x64 and arm64 are supported.`,
    );
  const folder = join("npm", platform.name);
  const addon = join(folder, `orchestrator.${platform.name}.node`);
  const stamp = join(STAMPS, "native");
  const wanted = digest(["crates", "Cargo.toml", "Cargo.lock", "scripts/lib/addon-build.mjs"]);
  if (isFresh(stamp, wanted, [addon])) return;
  await checkToolchain();
  mkdirSync(folder, { recursive: true });
  const build = addonBuild(platform);
  const what = "building the native core (some minutes the first time)";
  if (!platform.oldGlibc) await mustRun(what, "npx", build);
  else {
    console.log(`… ${what}`);
    // Against glibc 2.17, so that the binary runs on other people's machines too.
    const { code, output } = await run("npx", [...build, "--use-napi-cross"], { quiet: true });
    if (code !== 0) {
      if (!output.includes("Failed to set up the `--use-napi-cross` toolchain"))
        throw new SetupError("building the native core failed; the compiler's messages are above.");
      console.log("  the toolchain for old systems is not to be had: building for this system alone");
      await mustRun(what, "npx", build);
    }
  }
  writeStamp(stamp, wanted);
}

async function checkToolchain() {
  const rust = await run("rustc", ["--version"], { quiet: true });
  const version = /rustc (\d+\.\d+\.\d+)/.exec(rust.output)?.[1];
  if (!version || isBelow(version, MIN_RUST))
    throw new SetupError(
      `Rust ${MIN_RUST.join(".")} or later is needed to build the native core; ${version ? `this is ${version}` : "there is none"}. ` +
        "Get it from https://rustup.rs, or run `rustup update stable`.",
    );
  if (process.platform === "win32") return;
  const compiler = await run("cc", ["--version"], { quiet: true });
  if (compiler.code !== 0)
    throw new SetupError(
      "A C compiler is needed to build the native core. " +
        (process.platform === "darwin"
          ? "Run `xcode-select --install`."
          : "On Debian and Ubuntu run `apt-get install build-essential`; elsewhere install gcc or clang."),
    );
}

async function buildTypeScript() {
  const stamp = join(STAMPS, "typescript");
  const wanted = digest(["src", "harness", "tsdown.config.mjs", "package-lock.json", "tsconfig.json"]);
  const outputs = ["dist/server.js", "dist/native.js", "dist/cli.js", "build/demo.js"];
  if (isFresh(stamp, wanted, outputs)) return;
  await mustRun("building the TypeScript", "npx", ["tsdown"]);
  writeStamp(stamp, wanted);
}

/**
 * @param {string} version
 * @param {readonly number[]} minimum major and minor
 */
function isBelow(version, [major = 0, minor = 0]) {
  const [a = 0, b = 0] = version.split(".").map(Number);
  return a < major || (a === major && b < minor);
}
