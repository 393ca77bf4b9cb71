/** Git plumbing: states of the working tree, worktrees, and merging between them. */
export { GitError } from "./command.js";
export { TreeSnapshots } from "./snapshots.js";
