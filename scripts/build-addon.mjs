import { addonBuild } from "./lib/addon-build.mjs";
import { TRIPLES } from "./lib/platform.mjs";
import { mustRun, SetupError } from "./lib/run.mjs";

// `node scripts/build-addon.mjs PLATFORM`: builds the addon of any platform, such as linux-arm64-musl, with all of the compiler's
// messages. The release does; `npm start` builds this system's by itself. Needed: the Rust target (rustup target add …); for
// musl zig and cargo-zigbuild (pip install ziglang cargo-zigbuild); for macOS and Windows those systems.

try {
  const name = process.argv[2] ?? "";
  const triple = TRIPLES[name];
  if (!triple) throw new SetupError(`Give one of ${Object.keys(TRIPLES).join(", ")}.`);
  // Against glibc 2.17; and with zig, which brings musl along.
  const cross = name.endsWith("-gnu")
    ? ["--use-napi-cross"]
    : name.endsWith("-musl")
      ? ["--cross-compile"]
      : [];
  await mustRun(`building the native core for ${name}`, "npx", [...addonBuild({ name, triple }), ...cross], {
    quiet: false,
  });
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  console.error(`\n${error.message}`);
  process.exitCode = 1;
}
