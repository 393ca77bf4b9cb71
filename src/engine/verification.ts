import type { Evidence, MissionView, Task } from "../mission/index.js";
import type { Checks, CommandResult } from "../ports/index.js";
import type { WriteWatch } from "./writes/index.js";

export interface Verification {
  readonly findings: readonly string[];
  readonly commands: Evidence["commands"];
}

/** More files than this in one write set are not parsed one by one; the commands still judge them. */
const MAX_SYNTAX_FILES = 2_000;
const MAX_SYNTAX_FINDINGS = 20;

/** Runs the deterministic checks, cheapest first, and stops at the first kind that fails. */
export class Verifier {
  /** What was changed in the tree, and by whom. */
  readonly writes: WriteWatch;
  readonly #checks: Checks;
  readonly #commandTimeoutMs: number;

  constructor(checks: Checks, commandTimeoutMs: number, writes: WriteWatch) {
    this.writes = writes;
    this.#checks = writes.checks(checks);
    this.#commandTimeoutMs = commandTimeoutMs;
  }

  /** Files of the write set whose syntax tree is not whole. */
  async brokenFiles(writes: readonly string[], signal: AbortSignal): Promise<string[]> {
    const findings = await this.#checks.syntax(await this.#filesOf(writes, signal), signal);
    return [...new Set(findings.map((finding) => finding.path))];
  }

  /** Judges one task after its report. */
  async task(task: Task, approved: readonly string[], signal: AbortSignal): Promise<Verification> {
    return this.#verify(
      task.writes,
      new Set(task.syntaxBaseline),
      task.checks.files,
      task.checks.commands,
      approved,
      signal,
    );
  }

  /** Judges the whole tree once all tasks are done. */
  async mission({ mission, tasks }: MissionView, signal: AbortSignal): Promise<Verification> {
    const done = tasks.filter((task) => task.state === "done");
    const commands = new Set([...done.flatMap((task) => task.checks.commands), ...mission.finalCommands]);
    return this.#verify(
      done.flatMap((task) => task.writes),
      new Set(done.flatMap((task) => task.syntaxBaseline ?? [])),
      done.flatMap((task) => task.checks.files),
      [...commands],
      mission.approvedCommands,
      signal,
    );
  }

  async #verify(
    writes: readonly string[],
    baseline: ReadonlySet<string>,
    files: readonly string[],
    commands: readonly string[],
    approved: readonly string[],
    signal: AbortSignal,
  ): Promise<Verification> {
    const missing: string[] = [];
    for (const file of files) if (!(await this.#checks.exists(file))) missing.push(`${file} does not exist`);
    if (missing.length > 0) return { findings: missing, commands: [] };

    const syntax = await this.#checks.syntax(await this.#filesOf(writes, signal), signal);
    const broken = syntax
      .filter((finding) => !baseline.has(finding.path))
      .map(({ path, line, column, message }) => `${path}:${line}:${column}: ${message}`);
    if (broken.length > 0) return { findings: broken.slice(0, MAX_SYNTAX_FINDINGS), commands: [] };

    const results: CommandResult[] = [];
    for (const command of commands) {
      if (!approved.includes(command))
        return { findings: [`the user has not allowed the command: ${command}`], commands: results };
      const result = await this.#checks.command(command, { timeoutMs: this.#commandTimeoutMs, signal });
      results.push(result);
      if (result.exitCode !== 0) return { findings: [describeFailure(result)], commands: results };
    }
    return { findings: [], commands: results };
  }

  async #filesOf(writes: readonly string[], signal: AbortSignal): Promise<string[]> {
    if (writes.length === 0) return [];
    return (await this.#checks.files(writes, signal)).slice(0, MAX_SYNTAX_FILES);
  }
}

function describeFailure(result: CommandResult): string {
  const how = result.timedOut
    ? `did not end within its time limit (${Math.round(result.durationMs / 1000)} s)`
    : `failed with exit code ${result.exitCode ?? "none (ended by a signal)"}`;
  return `\`${result.command}\` ${how}:\n${result.output}`;
}
