import {
  configFiles,
  decodeConfig,
  isOurs,
  ourEntries,
  packageNames,
  specPath,
} from "../../install/index.js";
import { type Check, ok, type Result, warning } from "../check.js";

/** The terminal's configuration names the plugin's terminal part: without it missions run, and no panel shows them. */
export const terminalPart: Check = {
  name: "terminal part",
  run: ({ configuration: { listings }, ports: { files, surroundings, directory } }) => {
    const levels = [{ kind: "user" }, { kind: "project", directory }] as const;
    const paths = levels
      .flatMap((level) => configFiles(level, surroundings, "tui"))
      .flatMap((one) => one.paths);
    const nameAt = packageNames(files);
    const fix = "opencode-orchestrator install (or install --project DIR) puts it there";
    const found = paths.flatMap((path): Result[] => {
      if (!files.existsSync(path)) return [];
      const { body } = decodeConfig(files.readFileSync(path), path);
      const entries = ourEntries({ body, path, isOurs: (spec) => isOurs(spec, path, nameAt) });
      return entries.map(({ entry: { spec } }) => {
        const named = specPath(spec, path);
        return named === undefined || files.existsSync(named)
          ? ok(`${spec} in ${path}`)
          : warning(`${path} names ${spec}, which is not there`, fix);
      });
    });
    // One that is not installed at all is told so once.
    if (found.length > 0 || listings.length === 0) return found;
    return [warning("the terminal shows no missions: the plugin is in no tui.json", fix)];
  },
};
