import { join } from "node:path";
import { dataFolder } from "../../install/index.js";
import { type Check, type Examination, ok, warning } from "../check.js";

/** OpenCode has a model to talk to. */
export const model: Check = {
  name: "model",
  run: (examination) => {
    const found = source(examination);
    return [
      found === undefined
        ? warning(
            "no model is configured, no provider is signed in, and no API key is in the environment",
            'opencode auth login, or "model" in opencode.json',
          )
        : ok(found),
    ];
  },
};

function source({ configuration, ports }: Examination): string | undefined {
  for (const { path, value, read } of configuration.files.toReversed()) {
    if (!read) continue;
    if (typeof value["model"] === "string") return `${value["model"]} (${path})`;
    const provider = value["provider"];
    if (typeof provider === "object" && provider !== null && Object.keys(provider).length > 0)
      return `OpenCode chooses among the providers in ${path}: ${Object.keys(provider).join(", ")}`;
  }
  const signedIn = join(dataFolder(ports.surroundings), "auth.json");
  try {
    const providers = Object.keys(JSON.parse(ports.files.readFileSync(signedIn, "utf8")) as object);
    if (providers.length > 0)
      return `OpenCode chooses among the signed-in providers: ${providers.join(", ")}`;
  } catch {
    // Nobody has signed in.
  }
  const variable = Object.entries(ports.surroundings.variables).find(
    ([name, value]) => name.endsWith("_API_KEY") && value,
  );
  return variable && `OpenCode finds a key in ${variable[0]}`;
}
