import { join } from "node:path";
import { cacheFolderOf, PACKAGE, readManifest, specPath } from "../../install/index.js";
import { type Check, ok, warning } from "../check.js";

/** OpenCode fetches a package without a version once, and never again. */
export const pluginCache: Check = {
  name: "cache",
  run: ({ ports, configuration }) => {
    const packages = join(cacheFolderOf(ports.surroundings), "packages");
    const specs = new Set(
      configuration.listings.flatMap(({ spec, file }) =>
        specPath(spec, file.path) === undefined ? [spec === PACKAGE ? `${PACKAGE}@latest` : spec] : [],
      ),
    );
    const copies = [...specs].flatMap((spec) => {
      const folder = join(packages, spec);
      const version = readManifest(
        ports.files,
        join(folder, "node_modules", PACKAGE, "package.json"),
      )?.version;
      return version === undefined ? [] : [{ folder, version }];
    });
    const stale = copies.filter(({ version }) => version !== ports.own.version);
    if (stale.length === 0)
      return [
        ok(copies.length > 0 ? `OpenCode has version ${ports.own.version}` : "no cached copy is in use"),
      ];
    return stale.map(({ folder, version }) =>
      warning(
        `OpenCode goes on using version ${version} from ${folder}; this command is ${ports.own.version}`,
        `remove that folder and start OpenCode anew, or opencode-orchestrator install, which names the version`,
      ),
    );
  },
};
