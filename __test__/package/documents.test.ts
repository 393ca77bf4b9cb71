import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";

const DOCUMENTS = [
  "README.md",
  "SECURITY.md",
  "CHANGELOG.md",
  ...["BENCHMARKS", "DEVELOPERS_NOTE", "SYSTEM_ARCHITECTURE", "WINDOWS_CONFIGURATION"].map(
    (name) => `docs/${name}.md`,
  ),
];

it.each(DOCUMENTS)("what %s names is there", (path) => {
  const text = readFileSync(path, "utf8");
  const links = [...text.matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)].map(([, link = ""]) =>
    join(dirname(path), link),
  );
  const files = [...text.matchAll(/`((?:__test__|src|scripts|harness|crates)\/[\w./-]+\.\w+)`/g)].map(
    ([, file = ""]) => file,
  );
  const scripts = [...text.matchAll(/npm run (?:-s )?([\w:-]+)/g)].map(([, name = ""]) => name);
  expect([...links, ...files].filter((file) => !existsSync(file))).toEqual([]);
  const known = JSON.parse(readFileSync("package.json", "utf8")).scripts;
  expect(scripts.filter((name) => !(name in known))).toEqual([]);
});
