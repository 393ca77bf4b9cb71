import { randomBytes } from "node:crypto";
import { OpenCodeHost, openCodeBinary, type ServeOptions } from "../index.js";
import { healthyURL } from "../opencode-host.js";
import { type Exit, OwnedProcess } from "../owned-process.js";

/** A running `opencode serve`, whoever's home it is on. */
export interface ServedHost {
  readonly baseURL: string;
  /** What every request must carry. */
  readonly headers: Readonly<Record<string, string>>;
  readonly startupMs: number;
  /** How it ended; `undefined` while it runs. */
  readonly exit: Exit | undefined;
  /** The newest part of its log. */
  logs(): string;
  stop(): Promise<void>;
}

const START_TIMEOUT_MS = 120_000;
const STOP_GRACE_MS = 5_000;
const USER = "opencode-orchestrator";

/** OpenCode on a home of its own, which goes with it. */
export async function serveIsolated(options: ServeOptions): Promise<ServedHost> {
  const host = await OpenCodeHost.serve(options);
  return {
    baseURL: host.baseURL,
    headers: {},
    startupMs: host.startupMs,
    get exit() {
      return host.exit;
    },
    logs: () => host.logs(),
    stop: () => host[Symbol.asyncDispose](),
  };
}

/**
 * OpenCode as the user has it: their home, settings, keys and environment. The plugin is added through the
 * environment, so that no file of theirs changes. A password of this run's own keeps others on this machine out.
 */
export async function serveForUser(directory: string, plugin: string): Promise<ServedHost> {
  const password = randomBytes(24).toString("base64url");
  const env = {
    ...definedOf(process.env),
    OPENCODE_CONFIG_CONTENT: withPlugin(process.env["OPENCODE_CONFIG_CONTENT"], plugin),
    OPENCODE_SERVER_USERNAME: USER,
    OPENCODE_SERVER_PASSWORD: password,
  };
  const headers = { authorization: `Basic ${Buffer.from(`${USER}:${password}`).toString("base64")}` };
  const started = performance.now();
  const args = ["serve", "--hostname", "127.0.0.1", "--port", "0", "--print-logs"];
  const server = new OwnedProcess(openCodeBinary(), args, { cwd: directory, env });
  try {
    const baseURL = await healthyURL(server, START_TIMEOUT_MS, headers);
    return {
      baseURL,
      headers,
      startupMs: performance.now() - started,
      get exit() {
        return server.exit;
      },
      logs: () => server.stderr,
      stop: async () => void (await server.stop(STOP_GRACE_MS)),
    };
  } catch (error) {
    await server.kill().catch(() => undefined);
    const tail = `${server.stdout}${server.stderr}`.slice(-2_000);
    throw new Error(`OpenCode did not start: ${error instanceof Error ? error.message : error}\n${tail}`, {
      cause: error,
    });
  }
}

/**
 * The value of OPENCODE_CONFIG_CONTENT with the plugin added to it.
 * @throws when there is a value already and it is not a JSON object
 */
export function withPlugin(content: string | undefined, plugin: string): string {
  let config: unknown;
  try {
    config = content?.trim() ? JSON.parse(content) : {};
  } catch (error) {
    throw new Error(`OPENCODE_CONFIG_CONTENT is set and is not JSON (${error}): mend or unset it`);
  }
  if (typeof config !== "object" || config === null || Array.isArray(config))
    throw new Error("OPENCODE_CONFIG_CONTENT is set and is not a JSON object: mend or unset it");
  const { plugin: present, ...rest } = config as { plugin?: unknown };
  if (present !== undefined && !Array.isArray(present))
    throw new Error("`plugin` in OPENCODE_CONFIG_CONTENT is not a list: mend or unset it");
  return JSON.stringify({ ...rest, plugin: [...((present as unknown[] | undefined) ?? []), plugin] });
}

function definedOf(env: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}
