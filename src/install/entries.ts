import { dirname, isAbsolute, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { Node } from "jsonc-parser";

/** The name of the npm package. */
export const PACKAGE = "opencode-orchestrator";

/** The name in the `package.json` above a path; `undefined` where there is none. */
export type PackageNameAt = (path: string) => string | undefined;

/** An entry of a `plugin` array: `"spec"` or `["spec", {options}]`. */
export interface Entry {
  readonly node: Node;
  readonly specNode: Node;
  readonly spec: string;
}

/** The entries of an array of plugins; what has no spec is not one. */
export function entriesOf(array: Node): Entry[] {
  return (array.children ?? []).flatMap((node) => {
    const specNode = node.type === "array" ? node.children?.[0] : node;
    return specNode?.type === "string" ? [{ node, specNode, spec: specNode.value as string }] : [];
  });
}

/** The path that a spec names; `undefined` for a package. Relative ones are meant from the file they stand in. */
export function specPath(spec: string, configFile: string): string | undefined {
  if (spec.startsWith("file://")) {
    try {
      return fileURLToPath(spec);
    } catch {
      return undefined;
    }
  }
  if (isAbsolute(spec) || /^[A-Za-z]:[\\/]/.test(spec)) return spec;
  return spec.startsWith(".") ? resolve(dirname(configFile), spec) : undefined;
}

/** Whether a spec means this plugin, in whatever version and from wherever. */
export function isOurs(spec: string, configFile: string, nameAt: PackageNameAt): boolean {
  const path = specPath(spec, configFile);
  if (path !== undefined) {
    const name = nameAt(path);
    // A checkout that is gone is still recognised by its name.
    return name === undefined ? /(^|[\\/])opencode-orchestrator([\\/]|$)/.test(path) : name === PACKAGE;
  }
  // A version, an alias, or a repository.
  return /^(.+@npm:)?opencode-orchestrator(@[^/]*)?$|^(github:|git\+|https?:).*\/opencode-orchestrator(\.git)?(#.*)?$/.test(
    spec,
  );
}

/**
 * What OpenCode tells plugins apart by: of two entries with one identity the last counts, and two identities are
 * two plugins.
 */
export function identity(spec: string, configFile: string): string {
  const path = specPath(spec, configFile);
  return path ?? (spec.slice(1).includes("@") ? spec.slice(0, spec.indexOf("@", 1)) : spec);
}
