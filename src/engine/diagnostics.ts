import { type DiagnosticsBaseline, type Evidence, type Task, writeSetCovers } from "../mission/index.js";
import type { Checks, Diagnosis, DiagnosticError, Unchecked } from "../ports/index.js";

export type DiagnosticsEvidence = NonNullable<Evidence["diagnostics"]>;

export interface DiagnosticsVerdict {
  readonly findings: readonly string[];
  readonly evidence: DiagnosticsEvidence;
}

/**
 * Takes the baseline of a task. It has to be there before the Worker's first edit: errors that are in the tree
 * now are not the task's. Files outside of the write set that may depend on it are looked at for the final seal.
 */
export async function takeBaseline(
  checks: Checks,
  files: readonly string[],
  now: () => number,
  signal: AbortSignal,
): Promise<DiagnosticsBaseline> {
  const dependents = await checks.dependents(files, signal);
  const { errors, unchecked } = await checks.diagnostics([...files, ...dependents], signal);
  return {
    takenMs: now(),
    errors: countOf(errors),
    dependents,
    unchecked: unchecked.map(({ server }) => server),
  };
}

/** Judges the files of one task's write set. What others have broken elsewhere is not held against it. */
export function judgeTask(task: Task, diagnosis: Diagnosis): DiagnosticsVerdict {
  return judge(diagnosis, () => task.diagnosticsBaseline);
}

/** Files to look at once all tasks are done: those that they may have written, and those that may depend on them. */
export function dependentsOf(tasks: readonly Task[]): string[] {
  return tasks.flatMap((task) => task.diagnosticsBaseline?.dependents ?? []);
}

/**
 * Judges the whole tree. Of a file that several tasks may have touched, the earliest baseline counts: what one task
 * broke was already there when the next one began, and is of this mission all the same.
 */
export function judgeMission(tasks: readonly Task[], diagnosis: Diagnosis): DiagnosticsVerdict {
  const inOrder = tasks
    .filter((task) => task.diagnosticsBaseline !== undefined)
    .sort((a, b) => (a.diagnosticsBaseline?.takenMs ?? 0) - (b.diagnosticsBaseline?.takenMs ?? 0));
  const first = (path: string) =>
    inOrder.find(
      ({ writes, diagnosticsBaseline }) =>
        writeSetCovers(writes, path) || diagnosticsBaseline?.dependents.includes(path),
    );
  return judge(diagnosis, (path) => first(path)?.diagnosticsBaseline);
}

function judge(
  { errors, servers, unchecked }: Diagnosis,
  baselineOf: (path: string) => DiagnosticsBaseline | undefined,
): DiagnosticsVerdict {
  const seen: Record<string, number> = {};
  const fresh: DiagnosticError[] = [];
  const unknown = new Map<string, Unchecked>();
  for (const error of errors) {
    const baseline = baselineOf(error.path);
    if (!baseline || baseline.unchecked.includes(error.server)) {
      unknown.set(error.server, { server: error.server, reason: "it had not looked before the task began" });
      continue;
    }
    const key = digest(error);
    seen[key] = (seen[key] ?? 0) + 1;
    if (seen[key] > (baseline.errors[key] ?? 0)) fresh.push(error);
  }
  return {
    findings: fresh.map(describe),
    evidence: {
      servers: servers.filter((server) => !unknown.has(server)),
      unchecked: [...unchecked, ...unknown.values()].map(({ server, reason }) => `${server}: ${reason}`),
    },
  };
}

function countOf(errors: readonly DiagnosticError[]): Record<string, number> {
  const count: Record<string, number> = {};
  for (const error of errors) {
    const key = digest(error);
    count[key] = (count[key] ?? 0) + 1;
  }
  return count;
}

/** `path:line:column: message (source code)` */
function describe({ path, line, column, message, server, source, code }: DiagnosticError): string {
  const origin = [source ?? server, code].filter((part) => part !== undefined).join(" ");
  return `${path}:${line}:${column}: ${message.replace(/\s+/g, " ").trim()} (${origin})`;
}

/**
 * Tells errors apart without their place, so that one that only moves stays the same: FNV-1a (Fowler, Noll, Vo), 32 bits
 * from each of two starting points.
 */
function digest({ path, code, message, server }: DiagnosticError): string {
  const text = [path, server, code ?? "", message].join("\0");
  return fnv1a(text, 0x811c9dc5) + fnv1a(text, 0x01000193);
}

function fnv1a(text: string, start: number): string {
  let hash = start;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, "0");
}
