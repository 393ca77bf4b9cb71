import { isAbsolute, relative, resolve, sep } from "node:path";

/** The path relative to the project with forward slashes, or undefined when it lies outside. */
export function projectPath(directory: string, path: string): string | undefined {
  const inside = relative(directory, resolve(directory, path));
  if (inside === "" || inside === ".." || inside.startsWith(`..${sep}`) || isAbsolute(inside))
    return undefined;
  return inside.split(sep).join("/");
}

/** The files that each session's editing tools have changed. */
export class ChangedFiles {
  readonly #directory: string;
  readonly #bySession = new Map<string, Set<string>>();

  constructor(directory: string) {
    this.#directory = directory;
  }

  record(session: string, paths: readonly string[]): void {
    for (const path of paths) {
      const files = this.#bySession.get(session) ?? new Set<string>();
      this.#bySession.set(session, files.add(projectPath(this.#directory, path) ?? path));
    }
  }

  of(session: string): string[] {
    return [...(this.#bySession.get(session) ?? [])].sort();
  }

  forget(session: string): void {
    this.#bySession.delete(session);
  }
}
