import * as z from "zod";

/** What a call of a tool can do to the project's files, as far as its name and arguments tell. */
export type ToolEffect =
  | { readonly kind: "reads" }
  /** These files and no others, as the model named them. */
  | { readonly kind: "writes"; readonly paths: readonly string[] }
  /** Anything: it is measured. `names` are files that it says it will change. */
  | { readonly kind: "any"; readonly names: readonly string[] }
  /** A patch in which no file is found. */
  | { readonly kind: "unreadable" };

/** Tools of the host, and ours, that change no file of the project, or say themselves which. */
const HARMLESS: ReadonlySet<string> = new Set([
  ...[
    "read",
    "grep",
    "glob",
    "list",
    "lsp",
    "webfetch",
    "websearch",
    "codesearch",
    "skill",
    "question",
    "invalid",
  ],
  ...[
    "todowrite",
    "todoread",
    "task",
    "plan_enter",
    "plan_exit",
    "ast_search",
    "ast_rewrite",
    "outline",
    "memory",
  ],
  ...[
    "mission_plan",
    "mission_board",
    "mission_control",
    "task_report",
    "task_widen",
    "review_verdict",
    "delegate",
  ],
]);

const withPath = z.object({ filePath: z.string() });
const withPatch = z.object({ patchText: z.string() });
/** As the host reads it: no space is needed after the colon. */
const PATCH_HEADER = /^\*\*\* (?:Add File|Update File|Delete File|Move to):(.*)$/gm;

/**
 * The host's editing tools name their files. A shell, and a tool of a server or of another plugin, can change any: it
 * is let through, unless it names a file that it may not change, and is measured. To refuse what names no file would
 * take most servers' tools away from Workers, and the measurement misses nothing that a refusal would have caught.
 */
export function effectOf(tool: string, args: unknown): ToolEffect {
  if (HARMLESS.has(tool)) return { kind: "reads" };
  if (tool === "bash") return { kind: "any", names: [] };
  if (tool === "edit" || tool === "write") {
    const parsed = withPath.safeParse(args);
    return { kind: "writes", paths: parsed.success ? [parsed.data.filePath] : [] };
  }
  if (tool === "apply_patch") {
    const parsed = withPatch.safeParse(args);
    const text = parsed.success ? parsed.data.patchText : "";
    const paths = [...text.matchAll(PATCH_HEADER)].map((match) => (match[1] ?? "").trim());
    return paths.length > 0 ? { kind: "writes", paths } : { kind: "unreadable" };
  }
  return { kind: "any", names: looksLikeWriter(tool) ? pathsIn(args, copies(tool)) : [] };
}

/** The files that a call names as what it will change. */
export function namedPaths(effect: ToolEffect): readonly string[] {
  if (effect.kind === "writes") return effect.paths;
  return effect.kind === "any" ? effect.names : [];
}

const WRITING =
  /^(write|edit|create|update|delete|remove|rm|move|mv|rename|replace|insert|append|patch|apply|save|put|mkdir|copy|cp|modify|overwrite|touch|format|fix)$/;

/** The words of a name: `filesystem_writeFile` has "filesystem", "write" and "file". */
function words(tool: string): string[] {
  return tool
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .toLowerCase()
    .split(/[^a-z0-9]+/);
}

function looksLikeWriter(tool: string): boolean {
  return words(tool).some((word) => WRITING.test(word));
}

function copies(tool: string): boolean {
  return words(tool).some((word) => word === "copy" || word === "cp");
}

/** Names of arguments that hold a path, or a list of paths, or objects with one. */
const PATH_KEY =
  /^(path|paths|file|files|file_?path|file_?paths|file_?name|relative_?path|absolute_?path|target|target_?file|target_?path|dest|destination|source|source_?path|old_?path|new_?path|uri|notebook_?path|output|output_?path|out_?file|edits|operations|changes)$/i;
const SOURCE_KEY = /^(source|source_?path|from)$/i;
const MAX_DEPTH = 4;
const MAX_PATHS = 1_000;

function pathsIn(args: unknown, copying: boolean): string[] {
  const found: string[] = [];
  const visit = (value: unknown, isPath: boolean, depth: number) => {
    if (found.length >= MAX_PATHS || depth > MAX_DEPTH) return;
    if (typeof value === "string" && isPath) {
      const path = localPath(value);
      if (path !== undefined) found.push(path);
    } else if (Array.isArray(value)) for (const one of value) visit(one, isPath, depth + 1);
    else if (typeof value === "object" && value !== null)
      for (const [key, one] of Object.entries(value))
        visit(one, PATH_KEY.test(key) && !(copying && SOURCE_KEY.test(key)), depth + 1);
  };
  visit(args, false, 0);
  return found;
}

/** A value that can be a path here: an address elsewhere is none, nor is a text of several lines. */
function localPath(value: string): string | undefined {
  if (value === "" || value.length > 4_096 || /[\r\n\0]/.test(value)) return undefined;
  const file = /^file:\/\/(?:localhost)?(\/.*)$/i.exec(value)?.[1];
  if (file !== undefined) {
    try {
      return decodeURIComponent(file).replace(/^\/([A-Za-z]:)/, "$1");
    } catch {
      return file;
    }
  }
  return /^[a-z][a-z0-9+.-]+:\/\//i.test(value) ? undefined : value;
}
