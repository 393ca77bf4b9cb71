import type { Log } from "../ports/index.js";
import { LogFile } from "./file.js";
import { logPlaces } from "./location.js";
import { maskField } from "./mask.js";

/** One event of the log, as a line of JSON. */
export interface LogEntry {
  /** ISO 8601. */
  readonly time: string;
  readonly level: "info" | "warn" | "error";
  readonly event: string;
  readonly [field: string]: unknown;
}

/** More of one text is no help to anybody. */
const MOST_TEXT = 8_192;
/** Lines that wait for the disk; beyond them events are counted and not kept. */
const MOST_WAITING = 10_000;

export interface FileLog extends Log {
  /** Resolves when everything so far is written. Never rejects. */
  settled(): Promise<void>;
}

/** Writes events to this user's log file, with secrets masked. A log that cannot be written disturbs nobody. */
export function fileLog(
  context: Readonly<Record<string, unknown>>,
  file: Pick<LogFile, "append"> = new LogFile(logPlaces()),
): FileLog {
  let waiting: string[] = [];
  let dropped = 0;
  let writing: Promise<void> | undefined;
  const flush = async () => {
    // What else happens in this turn goes out with it.
    await undefined;
    while (waiting.length > 0) {
      const lines = waiting;
      waiting = [];
      if (dropped > 0) lines.push(lineOf("warn", "log.dropped", { ...context, events: dropped }));
      dropped = 0;
      await file.append(lines.join("")).catch(() => undefined);
    }
    writing = undefined;
  };
  const write = (level: LogEntry["level"], event: string, fields: Readonly<Record<string, unknown>> = {}) => {
    if (waiting.length < MOST_WAITING) waiting.push(lineOf(level, event, { ...context, ...fields }));
    else dropped++;
    writing ??= flush();
  };
  return {
    info: (event, fields) => write("info", event, fields),
    warn: (event, fields) => write("warn", event, fields),
    error: (event, fields) => write("error", event, fields),
    settled: async () => writing,
  };
}

function lineOf(level: LogEntry["level"], event: string, fields: Readonly<Record<string, unknown>>): string {
  const head = { time: new Date().toISOString(), level, event };
  try {
    return `${JSON.stringify({ ...head, ...fields }, (name, value) => clipped(maskField(name, value)))}\n`;
  } catch (error) {
    return `${JSON.stringify({ ...head, unwritable: String(error) })}\n`;
  }
}

function clipped(value: unknown): unknown {
  if (typeof value === "bigint") return String(value);
  if (typeof value !== "string" || value.length <= MOST_TEXT) return value;
  return `${value.slice(0, MOST_TEXT)}… ${value.length - MOST_TEXT} more characters`;
}
