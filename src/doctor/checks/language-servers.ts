import { type Check, ok } from "../check.js";

const SERVERS = [
  ["typescript-language-server", "npm install -g typescript-language-server typescript"],
  ["pyright-langserver", "npm install -g pyright"],
] as const;

/** A note only: nothing needs them. */
export const languageServers: Check = {
  name: "language servers",
  run: ({ ports }) =>
    SERVERS.map(([name, install]) => {
      const path = ports.findProgram(name);
      return path === undefined ? { ...ok(`${name} is not there, and not needed`), fix: install } : ok(path);
    }),
};
