import { appendFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Log } from "../ports/index.js";

/** One JSON line for each event, in the system's temporary directory, readable by its owner alone. */
export const LOG_PATH = join(tmpdir(), "opencode-orchestrator.log");

export interface FileLog extends Log {
  /** Resolves when everything so far is written. Never rejects. */
  settled(): Promise<void>;
}

export function fileLog(context: Readonly<Record<string, unknown>>, path = LOG_PATH): FileLog {
  let tail = Promise.resolve();
  const write = (level: string, event: string, fields: Readonly<Record<string, unknown>> = {}) => {
    const line = JSON.stringify({ time: new Date().toISOString(), level, event, ...context, ...fields });
    // A log that cannot be written must not disturb what it reports about.
    tail = tail.then(() => appendFile(path, `${line}\n`, { mode: 0o600 })).catch(() => undefined);
  };
  return {
    info: (event, fields) => write("info", event, fields),
    warn: (event, fields) => write("warn", event, fields),
    error: (event, fields) => write("error", event, fields),
    settled: () => tail,
  };
}
