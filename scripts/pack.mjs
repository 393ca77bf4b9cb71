import { mkdirSync, rmSync } from "node:fs";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { builtPlatforms, packMain, packPlatform } from "./lib/packages.mjs";
import { TRIPLES } from "./lib/platform.mjs";
import { SetupError } from "./lib/run.mjs";

// `npm run pack`: the tarballs that are published, of what has been built: the main package, and one for each platform
// whose addon lies in npm/. Prints their sizes; fails when the main package has outgrown its limit.

/** Most bytes of the main package's tarball. */
const LIMIT = 1_000_000;

const { values } = parseArgs({
  options: {
    /** Where the tarballs go; what was there is removed. */
    out: { type: "string", default: "packed" },
    /** Fail unless every platform is there. */
    all: { type: "boolean", default: false },
  },
});

try {
  const platforms = builtPlatforms();
  const missing = Object.keys(TRIPLES).filter((name) => !platforms.includes(name));
  if (values.all && missing.length > 0) throw new SetupError(`not built: ${missing.join(", ")}`);
  rmSync(values.out, { recursive: true, force: true });
  mkdirSync(values.out, { recursive: true });
  const packed = [await packMain(values.out)];
  for (const platform of platforms) packed.push(await packPlatform(values.out, platform));
  const rows = packed.map((one) => [one.name, one.files.length, one.bytes, one.unpackedBytes]);
  for (const [name, ...numbers] of [["package", "files", "bytes packed", "bytes unpacked"], ...rows])
    console.log(
      `${String(name).padEnd(40)}${numbers.map((one) => one.toLocaleString("en").padStart(16)).join("")}`,
    );
  console.log(
    `\nin ${resolve(values.out)}${missing.length > 0 ? `; not built here: ${missing.join(", ")}` : ""}`,
  );
  const main = packed[0];
  if (main && main.bytes > LIMIT)
    throw new SetupError(`${main.name} has ${main.bytes} bytes: more than ${LIMIT}`);
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  console.error(`\n${error.message}`);
  process.exitCode = 1;
}
