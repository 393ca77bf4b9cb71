import { resolve } from "node:path";
import { followLog, type LogEntry, logPlaces, readLog } from "../log/index.js";
import { atMost, choice, integer, parse } from "./arguments.js";
import { type Command, EXIT } from "./environment.js";
import { paint } from "./lines.js";

const LEVELS = ["info", "warn", "error"] as const;
const DEFAULT_LIMIT = 200;

const HELP = `Usage: opencode-orchestrator logs [-f] [--mission ID] [--level LEVEL] [--project DIR] [--limit N] [--json]

Shows what the plugin has written to its log: one event a line, oldest first. Secrets were masked when they were written.

  -f, --follow         and what is written from now on, until Ctrl-C
      --mission ID     only of this mission of the project
      --level LEVEL    info (default), warn or error: only so important, or more
      --project DIR    only of this project; with --mission, default: the current folder
      --limit N        the last N events (default ${DEFAULT_LIMIT})
      --json           JSON Lines, as they are in the file

Exit codes: 0 done, also when there is nothing; 2 wrong usage, 3 it could not be done, 130 Ctrl-C.
`;

export const command: Command = {
  help: HELP,
  errorExit: EXIT.error,
  run: async (args, environment) => {
    const { values, positionals } = parse(args, {
      follow: { type: "boolean", short: "f" },
      mission: { type: "string" },
      level: { type: "string" },
      project: { type: "string" },
      limit: { type: "string" },
      json: { type: "boolean" },
    });
    atMost(positionals, 0, "logs takes options only.");
    const level = choice(values.level, "--level", LEVELS) ?? "info";
    const limit = integer(values.limit, "--limit", 0) ?? DEFAULT_LIMIT;
    const { directory, out, warn, signal } = environment;
    const { mission } = values;
    const project =
      values.project !== undefined || mission !== undefined
        ? resolve(directory, values.project ?? ".")
        : undefined;
    const wanted = (entry: LogEntry) =>
      LEVELS.indexOf(entry.level) >= LEVELS.indexOf(level) &&
      (mission === undefined || entry["mission"] === mission) &&
      (project === undefined || entry["directory"] === project);
    const show = (entry: LogEntry) =>
      values.json ? out.json(entry) : out.line(lineOf(entry, environment.colour));

    const places = logPlaces();
    // From before the past is read: what is written meanwhile is in it, or comes after.
    const coming = values.follow ? followLog(places, signal) : undefined;
    const first = coming?.next();
    const past = await lastOf(limit, wanted);
    for (const entry of past) await show(entry);
    if (past.length === 0) warn(`There are no such events in ${places[0]?.folder}.`);
    if (coming && first) await showAll(coming, await first, past, wanted, show);
    return signal.aborted ? EXIT.interrupted : EXIT.ok;
  },
};

async function lastOf(limit: number, wanted: (entry: LogEntry) => boolean): Promise<LogEntry[]> {
  const found: LogEntry[] = [];
  for (const place of logPlaces()) {
    const ring: LogEntry[] = [];
    for await (const entry of readLog([place])) {
      if (!wanted(entry)) continue;
      ring.push(entry);
      if (ring.length > 2 * limit + 1_000) ring.splice(0, ring.length - limit);
    }
    found.push(...ring);
  }
  // Several files can be of the same time: two folders, or a process that had the old one open.
  found.sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0));
  return limit === 0 ? [] : found.slice(-limit);
}

/** Follows the log; what was shown as the past is not shown again. */
async function showAll(
  coming: AsyncGenerator<LogEntry>,
  first: IteratorResult<LogEntry>,
  past: readonly LogEntry[],
  wanted: (entry: LogEntry) => boolean,
  show: (entry: LogEntry) => Promise<void>,
): Promise<void> {
  const shown = new Set(past.map((entry) => JSON.stringify(entry)));
  for (let next = first; !next.done; next = await coming.next()) {
    const entry = next.value;
    if (wanted(entry) && !shown.delete(JSON.stringify(entry))) await show(entry);
  }
}

const COLOURS: Readonly<Record<LogEntry["level"], string>> = {
  info: "\u001b[32m",
  warn: "\u001b[33m",
  error: "\u001b[1;31m",
};
const FAINT = "\u001b[2m";

/** `2026-11-29 07:40:12.123 warn  lease.renew M1 T2 ses_1  error="…"`, in UTC. */
function lineOf(entry: LogEntry, colour: boolean): string {
  const { time, level, event, mission, task, session, pid, directory, ...fields } = entry;
  const about = [mission, task, session].filter((one) => one !== undefined).map(plain);
  const rest = Object.entries(fields).map(([name, value]) => `${plain(name)}=${plain(value)}`);
  return [
    paint(plain(time).replace("T", " ").replace(/Z$/, ""), FAINT, colour),
    paint(level.padEnd(5), COLOURS[level] ?? "", colour),
    [plain(event), ...about].join(" "),
    ...(rest.length > 0 ? ["", rest.join(" ")] : []),
  ].join(" ");
}

/** A value on one line. Whatever is in it, the terminal is not steered by it. */
function plain(value: unknown): string {
  const text = typeof value === "string" && /^[\w./:@+-]+$/.test(value) ? value : JSON.stringify(value);
  return (text ?? "").replace(
    /[\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
