/**
 * The arguments of npx that build the addon of a platform into its folder below npm/, for this system or, with the compiler's
 * target installed, for another one.
 *
 * @param {{ name: string, triple: string }} platform
 */
export function addonBuild({ name, triple }) {
  return [
    ...["napi", "build", "--release", "--platform", "--no-js", "--target", triple],
    ...["--manifest-path", "crates/binding/Cargo.toml", "--target-dir", "target"],
    ...["--output-dir", `npm/${name}`, "--dts", "../../src/native/binding.d.ts"],
  ];
}
