import type { DiagnosticsBaseline, Evidence, MissionView, Task } from "../mission/index.js";
import type { Checks, Clock, CommandResult, Diagnosis } from "../ports/index.js";
import {
  type DiagnosticsEvidence,
  type DiagnosticsVerdict,
  dependentsOf,
  judgeMission,
  judgeTask,
  takeBaseline,
} from "./diagnostics.js";
import type { WriteWatch } from "./writes/index.js";

export interface Verification {
  readonly findings: readonly string[];
  readonly commands: Evidence["commands"];
  /** Absent when an earlier check has failed. */
  readonly diagnostics?: DiagnosticsEvidence;
}

/** How the tree was before a task. */
export interface Baseline {
  readonly syntaxBaseline: string[];
  readonly diagnosticsBaseline: DiagnosticsBaseline;
}

/** What is to be verified. */
interface Subject {
  readonly writes: readonly string[];
  /** Files that were broken before. */
  readonly broken: ReadonlySet<string>;
  readonly mustExist: readonly string[];
  readonly commands: readonly string[];
  readonly approved: readonly string[];
  /** Files outside of the write set to ask language servers about. */
  readonly dependents: readonly string[];
  readonly judge: (diagnosis: Diagnosis) => DiagnosticsVerdict;
}

/** More files than this in one write set are not parsed one by one; the commands still judge them. */
const MAX_SYNTAX_FILES = 2_000;
/** Of errors in the syntax or from a language server. */
const MAX_FINDINGS = 20;

/** Runs the deterministic checks, cheapest first, and stops at the first kind that fails. */
export class Verifier {
  /** What was changed in the tree, and by whom. */
  readonly writes: WriteWatch;
  readonly #checks: Checks;
  readonly #clock: Clock;
  readonly #commandTimeoutMs: number;

  constructor(checks: Checks, clock: Clock, commandTimeoutMs: number, writes: WriteWatch) {
    this.writes = writes;
    this.#checks = writes.checks(checks);
    this.#clock = clock;
    this.#commandTimeoutMs = commandTimeoutMs;
  }

  /** What is wrong with the files of a write set already. */
  async baseline(writes: readonly string[], signal: AbortSignal): Promise<Baseline> {
    const files = await this.#filesOf(writes, signal);
    const findings = await this.#checks.syntax(files, signal);
    return {
      syntaxBaseline: [...new Set(findings.map((finding) => finding.path))],
      diagnosticsBaseline: await takeBaseline(this.#checks, files, () => this.#clock.now(), signal),
    };
  }

  /** Judges one task after its report. */
  async task(task: Task, approved: readonly string[], signal: AbortSignal): Promise<Verification> {
    const subject: Subject = {
      writes: task.writes,
      broken: new Set(task.syntaxBaseline),
      mustExist: task.checks.files,
      commands: task.checks.commands,
      approved,
      dependents: [],
      judge: (diagnosis) => judgeTask(task, diagnosis),
    };
    return this.#verify(subject, signal);
  }

  /** Judges the whole tree once all tasks are done. */
  async mission({ mission, tasks }: MissionView, signal: AbortSignal): Promise<Verification> {
    const done = tasks.filter((task) => task.state === "done");
    const commands = new Set([...done.flatMap((task) => task.checks.commands), ...mission.finalCommands]);
    const subject: Subject = {
      writes: done.flatMap((task) => task.writes),
      broken: new Set(done.flatMap((task) => task.syntaxBaseline ?? [])),
      mustExist: done.flatMap((task) => task.checks.files),
      commands: [...commands],
      approved: mission.approvedCommands,
      dependents: dependentsOf(done),
      judge: (diagnosis) => judgeMission(done, diagnosis),
    };
    return this.#verify(subject, signal);
  }

  async #verify(subject: Subject, signal: AbortSignal): Promise<Verification> {
    const missing: string[] = [];
    for (const file of subject.mustExist)
      if (!(await this.#checks.exists(file))) missing.push(`${file} does not exist`);
    if (missing.length > 0) return { findings: missing, commands: [] };

    const files = await this.#filesOf(subject.writes, signal);
    const syntax = await this.#checks.syntax(files, signal);
    const broken = syntax
      .filter((finding) => !subject.broken.has(finding.path))
      .map(({ path, line, column, message }) => `${path}:${line}:${column}: ${message}`);
    if (broken.length > 0) return { findings: broken.slice(0, MAX_FINDINGS), commands: [] };

    const paths = [...new Set([...files, ...subject.dependents])];
    const { findings, evidence } = subject.judge(await this.#checks.diagnostics(paths, signal));
    if (findings.length > 0)
      return { findings: findings.slice(0, MAX_FINDINGS), commands: [], diagnostics: evidence };

    const results: CommandResult[] = [];
    const end = (findings: string[]) => ({ findings, commands: results, diagnostics: evidence });
    for (const command of subject.commands) {
      if (!subject.approved.includes(command))
        return end([`the user has not allowed the command: ${command}`]);
      const result = await this.#checks.command(command, { timeoutMs: this.#commandTimeoutMs, signal });
      results.push(result);
      if (result.exitCode !== 0) return end([describeFailure(result)]);
    }
    return end([]);
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
