/** The project's files as they are, whoever changed them. */

export interface TreeChange {
  /** Relative to the project, with forward slashes; begins with `../` for a file of the repository around it. */
  readonly path: string;
  readonly kind: "added" | "modified" | "deleted";
}

/**
 * Measures the tree. Files that the project's ignore rules leave out do not count, except those that steer what
 * runs: git's configuration and hooks, the host's folder, environment files.
 */
export interface WorkTree {
  /**
   * A name for the content of the tree at this moment, short and lasting: the same content has the same name.
   * Undefined where the tree cannot be measured.
   */
  snapshot(): Promise<string | undefined>;
  /** What differs between two such states. */
  changes(from: string, to: string): Promise<readonly TreeChange[]>;
  /**
   * When each path was last touched, in milliseconds since 1970, and then when its folders were, from the nearest on:
   * a file that was moved with its folder, or is gone, leaves its trace there.
   */
  touchedAt(paths: readonly string[]): Promise<ReadonlyMap<string, readonly number[]>>;
  /** For people and agents: how to give these paths the content back that they had in that state. */
  howToRestore(state: string, changes: readonly TreeChange[]): string;
}
