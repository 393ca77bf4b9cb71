/**
 * The platforms that have a package below npm/, and the compiler's target of each.
 *
 * @type {Readonly<Record<string, string>>}
 */
export const TRIPLES = {
  "linux-x64-gnu": "x86_64-unknown-linux-gnu",
  "linux-arm64-gnu": "aarch64-unknown-linux-gnu",
  "linux-x64-musl": "x86_64-unknown-linux-musl",
  "linux-arm64-musl": "aarch64-unknown-linux-musl",
  "darwin-x64": "x86_64-apple-darwin",
  "darwin-arm64": "aarch64-apple-darwin",
  "win32-x64-msvc": "x86_64-pc-windows-msvc",
  "win32-arm64-msvc": "aarch64-pc-windows-msvc",
};

/** This machine as the addon's file name and the compiler's target have it. */
export function thisPlatform() {
  const base = `${process.platform}-${process.arch}`;
  // Of this Node and not of the system: musl's loader can be installed beside glibc.
  const report = /** @type {{ header: { glibcVersionRuntime?: string } }} */ (process.report.getReport());
  const musl = report.header.glibcVersionRuntime === undefined;
  const suffix =
    process.platform === "linux" ? (musl ? "-musl" : "-gnu") : process.platform === "win32" ? "-msvc" : "";
  const name = base + suffix;
  const triple = TRIPLES[name];
  return triple === undefined ? undefined : { name, triple, oldGlibc: name.endsWith("-gnu") };
}
