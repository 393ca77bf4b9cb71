import { PACKAGE, specPath } from "../../install/index.js";
import { type Check, type Examination, failed, ok, type Result, warning } from "../check.js";
import { isOn } from "../configuration.js";

/** OpenCode's configuration names the plugin, once, where OpenCode reads it. */
export const pluginEntry: Check = {
  name: "plugin",
  run: (examination) => {
    const found = [
      ...listed(examination),
      ...inVain(examination),
      ...missing(examination),
      ...off(examination),
    ];
    if (found.length > 0) return found;
    const { listings } = examination.configuration;
    return listings.map(({ spec, file }) => ok(`${spec} in ${file.path}`));
  },
};

function listed({ configuration: { listings } }: Examination): Result[] {
  if (listings.length < 2) return [];
  const places = listings.map(({ spec, file }) => `${spec} in ${file.path}`).join("; ");
  const fix = `keep one: opencode-orchestrator uninstall (or uninstall --project DIR) takes it out of a level`;
  const different = new Set(listings.map((one) => one.identity)).size;
  return different > 1
    ? [failed(`OpenCode loads the plugin ${different} times: ${places}`, fix)]
    : [warning(`the plugin is listed ${listings.length} times, and only the last counts: ${places}`, fix)];
}

/** Entries in files, or in arrays, that OpenCode does not look at. */
function inVain({ configuration: { files, listings } }: Examination): Result[] {
  const results = files.flatMap(({ path, ours, unread }) => {
    if (ours.length === 0 || unread === undefined) return [];
    const found = `${ours.join(", ")} in ${path} does nothing: ${unread}`;
    const fix = `take it out there${listings.length === 0 ? "; opencode-orchestrator install puts it where OpenCode reads it" : ""}`;
    return [listings.length === 0 ? failed(found, fix) : warning(found, fix)];
  });
  if (results.length > 0 || listings.length > 0) return results;
  return [
    failed(
      "the plugin is in no configuration that OpenCode reads here",
      "opencode-orchestrator install (for all projects), or install --project DIR",
    ),
  ];
}

/** Entries that name something that is not there, or another version than the one that is looking. */
function missing({ configuration: { listings }, ports }: Examination): Result[] {
  return listings.flatMap(({ spec, file }) => {
    const path = specPath(spec, file.path);
    const level = "opencode-orchestrator install (or install --project DIR)";
    if (path !== undefined)
      return ports.files.existsSync(path)
        ? []
        : [
            failed(
              `${file.path} names ${spec}, which is not there`,
              `build it again, or ${level} to name this one`,
            ),
          ];
    const version = spec.startsWith(`${PACKAGE}@`) ? spec.slice(PACKAGE.length + 1) : "";
    return /^\d/.test(version) && version !== ports.own.version
      ? [
          warning(
            `${file.path} names version ${version}; this command is ${ports.own.version}`,
            `${level} changes it to ${ports.own.version}`,
          ),
        ]
      : [];
  });
}

function off({ ports: { surroundings } }: Examination): Result[] {
  return isOn(surroundings.variables["OPENCODE_PURE"])
    ? [failed("OPENCODE_PURE is set: OpenCode loads no plugins", "unset OPENCODE_PURE")]
    : [];
}
