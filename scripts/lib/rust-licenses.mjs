import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";

const ROOT = "orchestrator-binding";
const LICENSE_FILE = /^(licen[cs]e|copying|copyright|notice|unlicense)([-._].*)?$/i;
/** Folders of a crate of which nothing is linked. */
const NOT_LINKED = new Set([
  "test",
  "tests",
  "benches",
  "examples",
  "fuzz",
  "sqlcipher",
  "bindings",
  "node_modules",
]);
const RULE = "=".repeat(80);

/** @typedef {{ id: string, name: string, version: string, license: string | null, license_file: string | null,
 * authors: string[], repository: string | null, source: string | null, manifest_path: string,
 * targets: { kind: string[] }[] }} Package */
/** @typedef {{ id: string, deps: { pkg: string, dep_kinds: { kind: string | null }[] }[] }} ResolveNode */

/**
 * The licences of everything that is linked into the addon of a platform: the crates, the grammars and the C code in
 * them, and Rust's standard library. Equal texts are printed once.
 *
 * @param {string} triple the compiler's target
 * @throws {Error} when a crate names no licence
 */
export function rustLicenses(triple) {
  /** @type {Map<string, string[]>} */
  const byText = new Map();
  for (const crate of linkedCrates(triple))
    for (const { text, file } of textsOf(crate)) {
      const normal = text.replace(/\r\n/g, "\n").trim();
      byText.set(normal, [...(byText.get(normal) ?? []), `${titleOf(crate)}${file}`]);
    }
  const standard = standardLibraryText();
  byText.set(standard, [
    ...(byText.get(standard) ?? []),
    "Rust's standard library (MIT OR Apache-2.0) https://www.rust-lang.org",
  ]);
  byText.set("The authors of SQLite have dedicated its code to the public domain.", [
    "SQLite, in libsqlite3-sys (public domain) https://sqlite.org",
  ]);
  const sections = [...byText].map(([text, users]) => `${RULE}\n${users.sort().join("\n")}\n\n${text}\n`);
  return `The native core contains the following software, under the licences below.\n\n${sections.sort().join("\n")}`;
}

/**
 * Crates from outside whose code is in the binary: neither what only builds it nor procedural macros.
 *
 * @param {string} triple
 * @returns {Package[]}
 */
export function linkedCrates(triple) {
  const args = ["metadata", "--format-version", "1", "--locked", "--filter-platform", triple];
  const { packages, resolve } = JSON.parse(
    execFileSync("cargo", args, {
      encoding: "utf8",
      maxBuffer: 2 ** 28,
      stdio: ["ignore", "pipe", "inherit"],
    }),
  );
  /** @type {Map<string, Package>} */
  const byId = new Map(packages.map((/** @type {Package} */ one) => [one.id, one]));
  /** @type {Map<string, ResolveNode>} */
  const nodes = new Map(resolve.nodes.map((/** @type {ResolveNode} */ one) => [one.id, one]));
  const todo = [...byId.values()].filter(({ name }) => name === ROOT).map(({ id }) => id);
  /** @type {Set<Package>} */
  const seen = new Set();
  for (let id = todo.pop(); id !== undefined; id = todo.pop()) {
    const crate = byId.get(id);
    if (!crate || seen.has(crate) || crate.targets.every(({ kind }) => kind.includes("proc-macro"))) continue;
    seen.add(crate);
    for (const { pkg, dep_kinds } of nodes.get(id)?.deps ?? [])
      if (dep_kinds.some(({ kind }) => kind === null)) todo.push(pkg);
  }
  return [...seen].filter(({ source }) => source !== null).sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** @param {Package} crate */
function titleOf({ name, version, license, repository }) {
  return `${name} ${version} (${license ?? "see below"})${repository ? ` ${repository}` : ""}`;
}

/**
 * A crate's own texts; the plain text of the licence that it names where it brings none.
 *
 * @param {Package} crate
 * @returns {{ text: string, file: string }[]}
 */
function textsOf(crate) {
  const folder = dirname(crate.manifest_path);
  const files = licenseFiles(folder);
  const own = files.filter((file) => !file.includes(sep));
  const vendored = files.filter((file) => file.includes(sep));
  // Where a crate may be used under one of several licences, ours is MIT.
  const mit = /\bMIT\b/.test(crate.license ?? "") && !/\bAND\b/.test(crate.license ?? "");
  const chosen = mit && own.some((file) => /mit/i.test(file)) ? own.filter((file) => /mit/i.test(file)) : own;
  const texts = [...chosen, ...vendored].map((file) => ({
    text: readFileSync(join(folder, file), "utf8"),
    file: vendored.includes(file) ? `, its ${file.split(sep).join("/")}` : "",
  }));
  if (chosen.length > 0) return texts;
  if (!mit)
    throw new Error(`${crate.name} ${crate.version} brings no text of its licence (${crate.license})`);
  const authors = crate.authors.length > 0 ? `Copyright (c) ${crate.authors.join(", ")}\n\n` : "";
  return [...texts, { text: `MIT License\n\n${authors}${mitTerms()}`, file: "" }];
}

/**
 * @param {string} root
 * @param {string} [folder]
 * @returns {string[]} relative to the root
 */
function licenseFiles(root, folder = root) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory())
      return NOT_LINKED.has(entry.name) || entry.name.startsWith(".") ? [] : licenseFiles(root, path);
    return entry.isFile() && LICENSE_FILE.test(entry.name) ? [relative(root, path)] : [];
  });
}

/** What every MIT licence says after its copyright line. */
function mitTerms() {
  const own = readFileSync("LICENSE", "utf8");
  return own.slice(own.indexOf("Permission is hereby granted"));
}

function standardLibraryText() {
  const sysroot = execFileSync("rustc", ["--print", "sysroot"], { encoding: "utf8" }).trim();
  const shipped = join(sysroot, "share", "doc", "rust", "LICENSE-MIT");
  const text = existsSync(shipped) ? readFileSync(shipped, "utf8") : `MIT License\n\n${mitTerms()}`;
  return text.replace(/\r\n/g, "\n").trim();
}
