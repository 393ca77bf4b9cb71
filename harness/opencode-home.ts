import { mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openCodeVersion } from "./opencode-binary.js";

/** A plugin as `opencode.json` lists it: a package or `file://` URL, alone or with options. */
export type PluginSpec = string | readonly [spec: string, options: Readonly<Record<string, unknown>>];

/** Limits and prices of a scripted model, as in `opencode.json`. */
export interface ModelSettings {
  readonly limit?: { readonly context: number; readonly output: number };
  /** US dollars per million tokens. */
  readonly cost?: { readonly input: number; readonly output: number };
  readonly [key: string]: unknown;
}

export interface ModelConnection {
  readonly baseURL: string;
  /** By model id. Default: one model, `default`. The first is the host's default model. */
  readonly models?: Readonly<Record<string, ModelSettings>>;
}

export interface HomeOptions {
  readonly model: ModelConnection;
  readonly plugin?: readonly PluginSpec[];
  /** Merged over the generated `opencode.json`, key by key at the top level. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** Added to the host's environment; `undefined` removes a variable. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** Provider id of the scripted model: its models are `scripted/<id>`. */
export const SCRIPTED_PROVIDER = "scripted";

/** What the host may inherit: nothing that names a home, a proxy, a key or an OpenCode setting. */
const INHERITED = [
  "PATH",
  "Path",
  "PATHEXT",
  "SystemRoot",
  "windir",
  "ComSpec",
  "TMPDIR",
  "TEMP",
  "TMP",
  "LANG",
];

/** A user's home of their own for OpenCode: its configuration, data, cache and state. */
export class OpenCodeHome implements AsyncDisposable {
  readonly directory: string;
  readonly environment: Readonly<Record<string, string>>;

  private constructor(directory: string, environment: Record<string, string>) {
    this.directory = directory;
    this.environment = environment;
  }

  /** Makes a fresh home in the temporary directory. */
  static async create(options: HomeOptions): Promise<OpenCodeHome> {
    const directory = await realpath(await mkdtemp(join(tmpdir(), "orchestrator-home-")));
    const home = new OpenCodeHome(directory, environmentOf(directory, options.env));
    await skipPluginInstall(home.configDirectory);
    await home.configure(options);
    return home;
  }

  get configDirectory(): string {
    return join(this.directory, "config", "opencode");
  }

  /** Writes `opencode.json` anew; a host that is running does not notice. */
  async configure(options: Omit<HomeOptions, "env">): Promise<void> {
    await writeFile(join(this.configDirectory, "opencode.json"), JSON.stringify(configOf(options), null, 2));
  }

  /** Removes the directory. */
  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.directory, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Keeps the host from installing `@opencode-ai/plugin` (63 MB) into a project's `.opencode`. */
export async function prepareProject(directory: string): Promise<void> {
  await skipPluginInstall(join(directory, ".opencode"));
}

/** The host takes a configuration directory for installed when it finds both of these. */
async function skipPluginInstall(configDirectory: string): Promise<void> {
  const dependencies = { "@opencode-ai/plugin": openCodeVersion() };
  await mkdir(join(configDirectory, "node_modules"), { recursive: true });
  await writeFile(
    join(configDirectory, "package-lock.json"),
    JSON.stringify({ packages: { "": { dependencies } } }),
  );
}

function configOf({ model, plugin = [], config = {} }: Omit<HomeOptions, "env">): Record<string, unknown> {
  const models = Object.entries(model.models ?? { default: {} }).map(([id, settings]) => [
    id,
    { name: id, tool_call: true, limit: { context: 100_000, output: 8_000 }, ...settings },
  ]);
  const provider = {
    npm: "@ai-sdk/openai-compatible",
    options: { baseURL: model.baseURL, apiKey: "scripted" },
    models: Object.fromEntries(models),
  };
  return {
    autoupdate: false,
    share: "disabled",
    model: `${SCRIPTED_PROVIDER}/${models[0]?.[0]}`,
    provider: { [SCRIPTED_PROVIDER]: provider },
    plugin,
    ...config,
  };
}

function environmentOf(directory: string, extra: HomeOptions["env"] = {}): Record<string, string> {
  const inherited = INHERITED.map((name) => [name, process.env[name]] as const);
  const own: Record<string, string | undefined> = {
    ...Object.fromEntries(inherited),
    HOME: directory,
    USERPROFILE: directory,
    APPDATA: join(directory, "config"),
    LOCALAPPDATA: join(directory, "data"),
    XDG_CONFIG_HOME: join(directory, "config"),
    XDG_DATA_HOME: join(directory, "data"),
    XDG_CACHE_HOME: join(directory, "cache"),
    XDG_STATE_HOME: join(directory, "state"),
    // Instead of the machine's managed configuration (/etc/opencode).
    OPENCODE_TEST_MANAGED_CONFIG_DIR: join(directory, "managed"),
    GIT_CONFIG_NOSYSTEM: "1",
    OPENCODE_DISABLE_MODELS_FETCH: "1",
    OPENCODE_DISABLE_AUTOUPDATE: "1",
    ...extra,
  };
  return Object.fromEntries(
    Object.entries(own).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}
