import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, dirname, isAbsolute, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { NativeError } from "../native/index.js";

/** A JavaScript runtime that can run the helper. */
export interface Runtime {
  /** For people: `Node.js (/usr/bin/node)`. */
  readonly name: string;
  readonly command: string;
  /** Before the helper's path. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** The oldest Node that the package supports. */
const OLDEST_NODE = [20, 19] as const;
const VERSION_MS = 10_000;

/**
 * Runtimes for helpers, best first. In Node, the one that runs this. In a program compiled by Bun, as OpenCode is,
 * `process.execPath` is that program: a Node on the path comes first, then the program itself as a plain Bun.
 */
export async function* runtimes(maxHeapMb: number): AsyncGenerator<Runtime> {
  const args = [`--max-old-space-size=${maxHeapMb}`];
  if (process.versions["bun"] === undefined) {
    yield { name: `Node.js (${process.execPath})`, command: process.execPath, args, env: {} };
    return;
  }
  const node = nodeOnPath();
  if (node && (await isSupported(node))) yield { name: `Node.js (${node})`, command: node, args, env: {} };
  yield {
    name: `the host's own Bun (${process.execPath})`,
    command: process.execPath,
    args: [],
    env: { BUN_BE_BUN: "1" },
  };
}

/** Only absolute folders count: a project must not be able to bring its own `node`. */
function nodeOnPath(): string | undefined {
  const program = process.platform === "win32" ? "node.exe" : "node";
  return (process.env["PATH"] ?? "")
    .split(delimiter)
    .filter((folder) => isAbsolute(folder))
    .map((folder) => join(folder, program))
    .find((path) => existsSync(path));
}

async function isSupported(node: string): Promise<boolean> {
  try {
    const { stdout } = await promisify(execFile)(node, ["--version"], {
      timeout: VERSION_MS,
      windowsHide: true,
    });
    const [major = 0, minor = 0] = stdout.trim().replace(/^v/, "").split(".").map(Number);
    return major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1]);
  } catch {
    return false;
  }
}

/** The built helper: beside the built file, or in a checkout's `dist` seen from the source. */
export function helperProgram(): string {
  const here = dirname(fileURLToPath(import.meta.url));
  const candidates = [join(here, "helper.js"), join(here, "../../dist/helper.js")];
  const found = candidates.find((path) => existsSync(path));
  if (found) return found;
  throw new NativeError(
    "ERR_NO_HELPER",
    `the helper's program is missing; looked for ${candidates.join(", ")}`,
    {
      tried: candidates,
    },
  );
}
