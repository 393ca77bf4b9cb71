import { type Check, failed, ok } from "../check.js";

/** Every configuration file that OpenCode reads can be read. */
export const configurationFiles: Check = {
  name: "configuration",
  run: ({ configuration }) => {
    const read = configuration.files.filter((file) => file.read);
    const broken = read.flatMap(({ problem }) =>
      problem === undefined ? [] : [failed(problem, "correct the file at that place, or restore it")],
    );
    if (broken.length > 0) return broken;
    return [ok(read.length === 0 ? "no configuration files" : read.map(({ path }) => path).join(", "))];
  },
};
