import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { TRIPLES } from "../../scripts/lib/platform.mjs";

// That the TypeScript opens no connection is a rule of the linters: `no-network` in .dependency-cruiser.mjs, and the globals
// that biome.json denies in src/.

const addons = Object.keys(TRIPLES)
  .map((name) => join("npm", name, `orchestrator.${name}.node`))
  .filter((path) => path.includes("linux") && existsSync(path));

it.runIf(addons.length > 0).each(addons)("%s asks the system for no function of a network", (path) => {
  const binary = readFileSync(path);
  // Names of what it takes from the C library stand in the file, each between two zeros.
  const imports = (name: string) => binary.includes(`\0${name}\0`);
  expect(imports("pthread_create")).toBe(true);
  expect(
    ["socket", "connect", "getaddrinfo", "gethostbyname", "bind", "listen", "accept4", "sendto"].filter(
      imports,
    ),
  ).toEqual([]);
});
