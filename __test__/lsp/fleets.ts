import { readdirSync, readFileSync } from "node:fs";
import { delimiter, join, resolve } from "node:path";
import { onTestFinished } from "vitest";
import { Fleet, type FleetSettings } from "../../src/lsp/fleet.js";
import { Searcher } from "../../src/native/index.js";
import { filesOf, systemClock } from "../../src/node/index.js";
import type { DiagnosticError } from "../../src/ports/index.js";
import { temporaryFolder } from "../native/temporary.js";

export interface TestedFleet {
  readonly fleet: Fleet;
  readonly project: string;
  /** Every event that was logged. */
  readonly events: { readonly event: string; readonly fields: Readonly<Record<string, unknown>> }[];
  /** Process ids of the servers that were started, in order. */
  readonly pids: () => number[];
}

/** The servers of this package's development dependencies. */
export const PATH = [resolve("node_modules/.bin"), process.env["PATH"]].join(delimiter);

/** A fleet in a project of its own; both end with the test. */
export function fleetIn(
  files: Readonly<Record<string, string>>,
  more: Partial<FleetSettings> | ((project: string) => Partial<FleetSettings>) = {},
): TestedFleet {
  const project = temporaryFolder(files);
  const { options, ...settings } = typeof more === "function" ? more(project) : more;
  const events: TestedFleet["events"] = [];
  const note = (event: string, fields: Readonly<Record<string, unknown>> = {}) => {
    events.push({ event, fields });
  };
  const search = new Searcher({ index: false });
  const fleet = new Fleet({
    directory: project,
    clock: systemClock,
    log: { info: note, warn: note, error: note },
    files: (globs, signal) => filesOf(search, project, globs, signal),
    options: { timeoutMs: 60_000, idleMs: 60_000, servers: {}, ...options },
    variables: { ...process.env, PATH },
    ...settings,
  });
  onTestFinished(async () => {
    await fleet.close();
    await search.close();
  });
  const pids = () =>
    events.filter(({ event }) => event === "lsp.started").map(({ fields }) => fields["pid"] as number);
  return { fleet, project, events, pids };
}

export const never = new AbortController().signal;

/** As the engine shows an error. */
export function shown({ path, line, column, message, source, code }: DiagnosticError): string {
  return `${path}:${line}:${column}: ${message.replace(/\s+/g, " ")} (${source} ${code})`;
}

/** Processes of a process group that have not ended. */
export function groupMembers(group: number): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const stat = readFileSync(join("/proc", String(pid), "stat"), "utf8");
        const [state, , pgrp] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
        return Number(pgrp) === group && state !== "Z";
      } catch {
        return false;
      }
    });
}
