import type { WorkTree } from "../../ports/index.js";

/** Whether a file differs between that state and the one that is compared with. */
export type Differs = (state: string, path: string) => Promise<boolean>;

/** Compares with one state; each other state is compared with once, however many files are asked about. */
export function comparison(tree: WorkTree, now: string): Differs {
  const known = new Map<string, Promise<ReadonlySet<string>>>();
  return async (state, path) => {
    const paths =
      known.get(state) ?? tree.changes(state, now).then((all) => new Set(all.map((one) => one.path)));
    known.set(state, paths);
    return (await paths).has(path);
  };
}
