import { type Check, failed, ok } from "../check.js";

/** The oldest version that the plugin is made for. */
const LEAST = [1, 18] as const;

/** OpenCode is there, and of a version that loads this plugin. */
export const openCode: Check = {
  name: "opencode",
  run: async ({ ports }) => {
    const path = ports.findProgram("opencode");
    if (path === undefined)
      return [
        failed(
          "there is no opencode in the PATH",
          "install it: npm install -g opencode-ai@1, or https://opencode.ai",
        ),
      ];
    const { code, output } = await ports.run(path, ["--version"]);
    const match = /(\d+)\.(\d+)\.\d+\S*/.exec(output);
    if (code !== 0 || !match)
      return [
        failed(
          `${path} --version does not answer with a version: ${output.trim().slice(0, 200) || `exit code ${code}`}`,
          "install OpenCode again: npm install -g opencode-ai@1",
        ),
      ];
    const [version, major, minor] = [match[0], Number(match[1]), Number(match[2])];
    if (major > LEAST[0])
      return [
        failed(
          `OpenCode ${version} (${path}) does not load plugins that are made for OpenCode 1`,
          "use OpenCode 1 with this plugin: npm install -g opencode-ai@1",
        ),
      ];
    if (major < LEAST[0] || minor < LEAST[1])
      return [
        failed(
          `OpenCode ${version} (${path}) is older than ${LEAST.join(".")}`,
          "update it: opencode upgrade, or npm install -g opencode-ai@1",
        ),
      ];
    return [ok(`OpenCode ${version} (${path})`)];
  },
};
