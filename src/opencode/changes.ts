import { isAbsolute, relative, resolve, sep } from "node:path";
import * as z from "zod";

const withPath = z.object({ filePath: z.string() });
const withPatch = z.object({ patchText: z.string() });
/** As the host reads it: no space is needed after the colon. */
const PATCH_HEADER = /^\*\*\* (?:Add File|Update File|Delete File|Move to):(.*)$/gm;

/**
 * Paths that a call of one of the host's editing tools writes to, as the model gave them; none for other tools.
 * Undefined for a patch in which no path is found.
 */
export function editedPaths(tool: string, args: unknown): string[] | undefined {
  if (tool === "edit" || tool === "write") {
    const parsed = withPath.safeParse(args);
    return parsed.success ? [parsed.data.filePath] : [];
  }
  if (tool === "apply_patch") {
    const parsed = withPatch.safeParse(args);
    if (!parsed.success) return undefined;
    const paths = [...parsed.data.patchText.matchAll(PATCH_HEADER)].map((match) => (match[1] ?? "").trim());
    return paths.length > 0 ? paths : undefined;
  }
  return [];
}

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
