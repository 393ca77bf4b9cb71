import { createRequire } from "node:module";
import { join } from "node:path";

/** What a server is started with, beyond its command. */
export interface Preparation {
  readonly initializationOptions: unknown;
  /** Answers to `workspace/configuration`, by section. */
  readonly settings?: Readonly<Record<string, unknown>>;
}

/** Where the server and the project are. Both are absolute and without links. */
export interface Place {
  readonly program: string;
  readonly project: string;
  readonly exists: (path: string) => boolean;
  readonly folders: (path: string) => readonly string[];
}

/**
 * A language server that can be started in a project that nobody has vouched for: as we start it, it executes nothing
 * that the project holds. What each one does execute, and what was found about those that are not here, is in
 * docs/VERIFICATION.md.
 */
export interface ServerSpec {
  /** Its command, by which it is also named in the options. */
  readonly id: ServerId;
  readonly args: readonly string[];
  /** The protocol's name of the language, by file ending. */
  readonly languages: Readonly<Record<string, string>>;
  /** Without one of these in the project's root it cannot know how files are compiled, and is not started. */
  readonly needs?: readonly string[];
  /** Further files that it reads: it is told when one of them changes. */
  readonly settingsFiles: readonly string[];
  /** Paths that change when dependencies are installed; then it is started anew, since it watches none of them. */
  readonly dependencies: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** How to ask for a file's diagnostics where the server offers nothing better than to push them. */
  readonly ask?: "tsserver";
  /** @throws Error when it cannot be started safely */
  readonly prepare: (place: Place) => Preparation;
  /** How to get it. */
  readonly install: string;
}

export const SERVER_IDS = [
  "typescript-language-server",
  "pyright-langserver",
  "basedpyright-langserver",
  "gopls",
  "clangd",
] as const;
export type ServerId = (typeof SERVER_IDS)[number];

const PYTHON = {
  args: ["--stdio"],
  languages: { py: "python", pyi: "python" },
  settingsFiles: ["pyrightconfig.json", "pyproject.toml"],
  dependencies: [".venv/lib", "venv/lib", ".venv/Lib/site-packages", "venv/Lib/site-packages"],
  prepare: (place: Place) => ({
    initializationOptions: {},
    settings: { python: { analysis: analysis(place) }, basedpyright: { analysis: analysis(place) } },
  }),
};

/** In the order in which they are looked for: of two for one language, the first that is there. */
export const SERVERS: readonly ServerSpec[] = [
  {
    id: "typescript-language-server",
    args: ["--stdio"],
    languages: {
      ts: "typescript",
      mts: "typescript",
      cts: "typescript",
      tsx: "typescriptreact",
      js: "javascript",
      mjs: "javascript",
      cjs: "javascript",
      jsx: "javascriptreact",
    },
    settingsFiles: ["**/tsconfig*.json", "**/jsconfig*.json", "**/package.json"],
    dependencies: [
      "node_modules",
      "node_modules/.package-lock.json",
      "node_modules/.modules.yaml",
      "node_modules/.yarn-state.yml",
    ],
    ask: "tsserver",
    prepare: ({ program, project }) => ({
      initializationOptions: {
        // Else it installs packages from the network.
        disableAutomaticTypingAcquisition: true,
        tsserver: {
          // Else the project's own `node_modules/typescript` is run.
          path: tsserver(program, project),
          useSyntaxServer: "never",
          // We tell it what has changed: its own watching lags behind, and an answer could be of before.
          useClientFileWatcher: true,
        },
      },
    }),
    install: "npm install -g typescript-language-server typescript",
  },
  { ...PYTHON, id: "pyright-langserver", install: "npm install -g pyright" },
  { ...PYTHON, id: "basedpyright-langserver", install: "npm install -g basedpyright" },
  {
    id: "gopls",
    args: [],
    languages: { go: "go" },
    needs: ["go.mod", "go.work"],
    settingsFiles: ["**/go.mod", "**/go.sum", "go.work"],
    dependencies: [],
    // Else a line in go.mod has another toolchain fetched and run.
    env: { GOTOOLCHAIN: "local" },
    prepare: () => ({ initializationOptions: { pullDiagnostics: true } }),
    install: "go install golang.org/x/tools/gopls@latest",
  },
  {
    id: "clangd",
    args: ["--background-index=false", "--clang-tidy=false"],
    languages: { c: "c", h: "c", cc: "cpp", cpp: "cpp", cxx: "cpp", hh: "cpp", hpp: "cpp", hxx: "cpp" },
    needs: ["compile_commands.json", "compile_flags.txt", "build/compile_commands.json"],
    settingsFiles: ["compile_commands.json", "compile_flags.txt", "build/compile_commands.json"],
    dependencies: ["compile_commands.json", "compile_flags.txt", "build/compile_commands.json"],
    prepare: () => ({ initializationOptions: {} }),
    install: "your system's package clangd",
  },
];

/** The ending of a path, without its dot. */
export function ending(path: string): string {
  return /\.([^./\\]+)$/.exec(path)?.[1]?.toLowerCase() ?? "";
}

/** The TypeScript that was installed beside the server. */
function tsserver(program: string, project: string): string {
  let path: string;
  try {
    path = createRequire(program).resolve("typescript/lib/tsserver.js");
  } catch {
    throw new Error(
      "there is no TypeScript beside it, and the project's own is not run: npm install -g typescript",
    );
  }
  if (isInside(path, project)) throw new Error("its TypeScript is the project's own, which is not run");
  return path;
}

function analysis(place: Place) {
  return { diagnosticMode: "openFilesOnly", extraPaths: sitePackages(place) };
}

/** The packages of the project's virtual environment, found without running its interpreter. */
function sitePackages({ project, exists, folders }: Place): string[] {
  return [".venv", "venv"].flatMap((name) => {
    const root = join(project, name);
    if (!exists(join(root, "pyvenv.cfg"))) return [];
    const unix = folders(join(root, "lib")).map((version) => join(root, "lib", version, "site-packages"));
    return [...unix, join(root, "Lib", "site-packages")].filter(exists);
  });
}

/** Whether an absolute path lies in the folder. */
export function isInside(path: string, folder: string): boolean {
  return (
    path === folder ||
    path.startsWith(folder.endsWith("/") ? folder : `${folder}/`) ||
    path.startsWith(`${folder}\\`)
  );
}
