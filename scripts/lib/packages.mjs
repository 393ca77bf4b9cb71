import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import { TRIPLES } from "./platform.mjs";
import { run, SetupError } from "./run.mjs";
import { rustLicenses } from "./rust-licenses.mjs";

/** What a user of the package needs of the checkout's manifest, which has much for those who work on it. */
const PUBLISHED = [
  "name",
  "version",
  "description",
  "keywords",
  "license",
  "repository",
  "type",
  "engines",
  "bin",
  "exports",
  "files",
  "peerDependencies",
  "peerDependenciesMeta",
];
const DOCUMENTS = ["README.md", "LICENSE", "CHANGELOG.md"];
const NOTICE = "THIRD-PARTY-LICENSES.txt";

/** @typedef {{ name: string, tarball: string, bytes: number, unpackedBytes: number, files: string[] }} Packed */

/** The platforms whose addon has been built or fetched into npm/. */
export function builtPlatforms() {
  return Object.keys(TRIPLES).filter((name) => existsSync(join("npm", name, addonOf(name))));
}

/**
 * Makes the tarball of the main package. It names every platform's package of its own version, whether that has been
 * built here or not.
 *
 * @param {string} folder for the tarballs
 * @returns {Promise<Packed>}
 */
export async function packMain(folder) {
  const manifest = readManifest("package.json");
  /** @type {Record<string, unknown>} */
  const published = {
    ...Object.fromEntries(PUBLISHED.map((key) => [key, manifest[key]])),
    optionalDependencies: Object.fromEntries(
      Object.keys(TRIPLES).map((name) => [`${manifest.name}-${name}`, manifest.version]),
    ),
  };
  const stage = freshStage(folder, manifest.name);
  for (const name of manifest.files) {
    if (!existsSync(name)) throw new SetupError(`${name} is not there: build first (npx tsdown).`);
    cpSync(name, join(stage, name), { recursive: true });
  }
  for (const name of DOCUMENTS) copyFileSync(name, join(stage, name));
  writeManifest(stage, published);
  for (const path of namedFiles(published))
    if (!existsSync(join(stage, path)))
      throw new SetupError(
        `package.json names ${path}, which is not in the package: build first (npx tsdown).`,
      );
  return npmPack(stage, folder);
}

/**
 * Makes the tarball of a platform's package.
 *
 * @param {string} folder for the tarballs
 * @param {string} platform such as `linux-x64-gnu`
 * @returns {Promise<Packed>}
 */
export async function packPlatform(folder, platform) {
  const source = join("npm", platform);
  const manifest = readManifest(join(source, "package.json"));
  const stage = freshStage(folder, manifest.name);
  copyFileSync(join(source, addonOf(platform)), join(stage, addonOf(platform)));
  copyFileSync("LICENSE", join(stage, "LICENSE"));
  writeFileSync(join(stage, NOTICE), rustLicenses(TRIPLES[platform] ?? ""));
  writeFileSync(
    join(stage, "README.md"),
    `# ${manifest.name}\n\n${manifest.description} It is installed with that package.\n`,
  );
  writeManifest(stage, manifest);
  return npmPack(stage, folder);
}

/** @param {string} platform */
function addonOf(platform) {
  return `orchestrator.${platform}.node`;
}

/**
 * Files that a manifest's `exports` and `bin` lead to.
 *
 * @param {Record<string, unknown>} manifest
 */
function namedFiles(manifest) {
  return [...pathsIn(manifest["bin"]), ...pathsIn(manifest["exports"])].filter((path) => !path.includes("*"));
}

/**
 * @param {unknown} value
 * @returns {string[]}
 */
function pathsIn(value) {
  if (typeof value !== "string") return Object.values(value ?? {}).flatMap(pathsIn);
  return value.startsWith("./") ? [value] : [];
}

/**
 * @param {string} folder
 * @param {string} name
 */
function freshStage(folder, name) {
  const stage = join(folder, name);
  rmSync(stage, { recursive: true, force: true });
  mkdirSync(stage, { recursive: true });
  return stage;
}

/**
 * @param {string} stage
 * @param {string} folder
 * @returns {Promise<Packed>}
 */
async function npmPack(stage, folder) {
  const args = ["pack", resolve(stage), "--pack-destination", folder, "--json", "--ignore-scripts"];
  const { code, output } = await run("npm", args, { quiet: true });
  if (code !== 0) throw new SetupError(`npm pack of ${stage} failed.`);
  const [packed] = Object.values(JSON.parse(output.slice(output.search(/^[[{]/m))));
  const tarball = join(folder, packed.filename);
  rmSync(stage, { recursive: true });
  return {
    name: packed.name,
    tarball,
    bytes: statSync(tarball).size,
    unpackedBytes: packed.unpackedSize,
    files: packed.files.map((/** @type {{ path: string }} */ { path }) => path),
  };
}

/** @param {string} path */
export function readManifest(path) {
  return JSON.parse(readFileSync(path, "utf8"));
}

/**
 * @param {string} folder
 * @param {object} manifest
 */
function writeManifest(folder, manifest) {
  mkdirSync(dirname(join(folder, "package.json")), { recursive: true });
  writeFileSync(join(folder, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
}
