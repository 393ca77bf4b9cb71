import { join } from "node:path";
import { ending, SERVERS } from "../../lsp/index.js";
import { type Check, type Examination, ok } from "../check.js";

/** Looked at no deeper, and no more: which languages a project is written in shows early. */
const DEEPEST = 4;
const MOST_ENTRIES = 5_000;
const SKIPPED = new Set(["node_modules", "dist", "build", "target", "vendor"]);

/** A note only: without one for a language, the other checks judge it. */
export const languageServers: Check = {
  name: "language servers",
  run: ({ ports }) => {
    const endings = endingsIn(ports.directory, ports.files);
    const wanted = SERVERS.filter(({ languages }) => Object.keys(languages).some((one) => endings.has(one)));
    if (wanted.length === 0) return [ok("the project has no files of a language whose server is known")];
    const found = wanted.filter(({ id }) => ports.findProgram(id) !== undefined);
    const served = new Set(found.flatMap(({ languages }) => Object.keys(languages)));
    const missing = wanted.filter(
      (spec, index) =>
        !found.includes(spec) &&
        // Of several for one language, the first is the one to get.
        wanted.findIndex(({ languages }) => sameLanguages(languages, spec.languages)) === index &&
        Object.keys(spec.languages).some((one) => endings.has(one) && !served.has(one)),
    );
    return [
      ...found.map(({ id }) => ok(`${id} checks what Workers report`)),
      ...missing.map(({ id, languages, install }) => ({
        ...ok(
          `files in .${Object.keys(languages)[0]} are checked by no language server: ${id} is not on the PATH`,
        ),
        fix: install,
      })),
    ];
  },
};

function sameLanguages(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  return Object.keys(a).join() === Object.keys(b).join();
}

/** Endings of files near the project's root. */
function endingsIn(root: string, files: Examination["ports"]["files"]): Set<string> {
  const endings = new Set<string>();
  let left = MOST_ENTRIES;
  let folders = [root];
  for (let depth = 0; depth < DEEPEST; depth++) {
    const below: string[] = [];
    for (const folder of folders) {
      for (const entry of entriesOf(folder, files)) {
        if (left-- <= 0) return endings;
        if (entry.isFile()) endings.add(ending(entry.name));
        else if (entry.isDirectory() && !entry.name.startsWith(".") && !SKIPPED.has(entry.name))
          below.push(join(folder, entry.name));
      }
    }
    folders = below;
  }
  return endings;
}

function entriesOf(folder: string, files: Examination["ports"]["files"]) {
  try {
    return files.readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}
