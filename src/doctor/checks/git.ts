import { type Check, ok, warning } from "../check.js";

/** OpenCode takes snapshots with git, and finds the root of a project by it. */
export const git: Check = {
  name: "git",
  run: async ({ ports }) => {
    const path = ports.findProgram("git");
    if (path === undefined)
      return [
        warning("there is no git in the PATH: OpenCode takes no snapshots, and cannot undo", "install git"),
      ];
    const { code, output } = await ports.run(path, ["-C", ports.directory, "rev-parse", "--show-toplevel"]);
    return [
      code === 0
        ? ok(`the repository ${output.trim()}`)
        : warning(
            `${ports.directory} is in no git repository: OpenCode takes no snapshots, and cannot undo`,
            `git -C ${ports.directory} init`,
          ),
    ];
  },
};
