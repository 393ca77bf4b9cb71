import { join } from "node:path";
import { type Check, type Examination, ok, warning } from "../check.js";

const PACKAGE = "@opencode-ai/plugin";

/** OpenCode waits at its start until a package is installed in every folder of its configuration. */
export const firstStart: Check = {
  name: "first start",
  run: ({ ports, configuration }) => {
    const waiting = configuration.folders.filter((folder) => !hasPackage(folder, ports));
    if (waiting.length === 0) return [ok("OpenCode has installed what it needs")];
    return [
      warning(
        `the next start of OpenCode first installs ${PACKAGE} (some 60 MB) into ${waiting.join(", ")}: it can stand still for minutes`,
        "let it finish once, with the network on",
      ),
    ];
  },
};

/** As OpenCode looks: a folder that it cannot write, it leaves alone. */
function hasPackage(folder: string, { files }: Examination["ports"]): boolean {
  try {
    if (files.existsSync(folder)) files.accessSync(folder, 2);
  } catch {
    return true;
  }
  if (!files.existsSync(join(folder, "node_modules"))) return false;
  try {
    const lock = JSON.parse(files.readFileSync(join(folder, "package-lock.json"), "utf8")) as Lock;
    return PACKAGE in (lock.packages?.[""]?.dependencies ?? {});
  } catch {
    return false;
  }
}

interface Lock {
  readonly packages?: Readonly<Record<string, { readonly dependencies?: Readonly<Record<string, string>> }>>;
}
