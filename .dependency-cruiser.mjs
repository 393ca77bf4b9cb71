/**
 * The directions of imports: adapters → engine → ports. A folder not named in a rule's `pathNot` may not be
 * imported from there.
 */
const folder = (...names) => `^src/(${names.join("|")})/`;

/** What each folder may import besides itself. */
const ALLOWED = {
  ports: [],
  state: ["ports"],
  dispatch: ["ports"],
  mission: ["state", "ports"],
  context: [],
  memory: ["context", "state", "ports"],
  hooks: ["ports"],
  shutdown: ["ports"],
  engine: ["dispatch", "mission", "state", "ports"],
  native: ["ports"],
  processes: [],
  isolation: ["native", "ports", "processes"],
  lsp: ["ports", "processes"],
  log: ["ports"],
  git: ["ports"],
  node: ["log", "native", "ports"],
  todo: ["mission", "ports"],
  agents: ["mission"],
  tools: ["engine", "mission", "memory", "native", "ports"],
  opencode: [
    "agents",
    "context",
    "engine",
    "git",
    "hooks",
    "isolation",
    "lsp",
    "log",
    "memory",
    "mission",
    "native",
    "node",
    "ports",
    "shutdown",
    "state",
    "todo",
    "tools",
  ],
  tui: ["mission", "native", "node", "ports"],
  install: ["native", "node"],
  doctor: ["install", "lsp", "mission", "native", "node"],
  cli: ["doctor", "install", "log", "mission", "native", "node"],
};

const directions = Object.entries(ALLOWED).map(([name, allowed]) => ({
  name: `${name}-imports-only-${allowed.join("-") || "itself"}`,
  severity: "error",
  from: { path: folder(name) },
  to: { path: "^src/[^/]+/", pathNot: folder(name, ...allowed) },
}));

export default {
  forbidden: [
    ...directions,
    {
      name: "no-cycles",
      severity: "error",
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } },
    },
    {
      name: "through-the-door",
      comment:
        "code elsewhere comes in through a folder's index; names of files alone cost no more than they are",
      severity: "error",
      from: { path: "^src/([^/]+)/" },
      to: { path: "^src/[^/]+/", pathNot: ["^src/$1/", "^src/[^/]+/index\\.ts$", "^src/node/paths\\.ts$"] },
    },
    {
      name: "the-engine-does-no-io",
      comment: "the engine reaches the outside only through its ports",
      severity: "error",
      from: { path: folder("ports", "state", "mission", "memory", "engine", "hooks", "shutdown", "context") },
      to: { dependencyTypes: ["core"] },
    },
    {
      name: "no-network",
      comment:
        "the plugin opens no connection; what goes to the host goes through the client that the host hands it",
      severity: "error",
      from: {},
      to: { path: "^(node:)?(net|http|https|http2|tls|dgram|dns|dns/promises|inspector)$" },
    },
    { name: "no-orphans", severity: "error", from: { orphan: true, pathNot: "\\.d\\.ts$" }, to: {} },
  ],
  options: {
    tsConfig: { fileName: "tsconfig.json" },
    tsPreCompilationDeps: true,
    doNotFollow: { path: "node_modules" },
    enhancedResolveOptions: { extensions: [".ts", ".js", ".d.ts", ".md"] },
  },
};
