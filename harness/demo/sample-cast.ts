import {
  type ModelRequest,
  missionCast,
  type Reply,
  type Script,
  type ToolCall,
  workingDirectory,
} from "../index.js";
import { SAMPLE_PLAN } from "./sample-plan.js";
import { SAMPLE_WORKERS } from "./sample-work.js";

/** A reviewer's experiment: a command, and what it must print. */
interface Probe {
  readonly command: string;
  readonly expected: string;
  readonly finding: (printed: string) => string;
}

const CSV_EXPECTED = String.raw`["say \"hi\""]`;
/** Reviewers who try what the tests do not; the verdict follows from what the command really prints. */
const PROBES: Readonly<Record<string, Probe>> = {
  csv: {
    // Quotes as escapes: the same words work in every shell.
    command: String.raw`node -e "import('./src/csv.js').then((csv) => console.log(JSON.stringify(csv.parseLine('\u0022say \u0022\u0022hi\u0022\u0022\u0022'))))"`,
    expected: CSV_EXPECTED,
    finding: (printed) =>
      `src/csv.js: parseLine drops doubled quotes: for the line "say ""hi""" it answers ${printed}, and RFC 4180 ` +
      `wants ${CSV_EXPECTED}. No test covers it.`,
  },
};

/** Plays the four agents on the sample. Each thinks for `paceMs` before every reply. */
export function sampleCast(paceMs: number): Script {
  const paced =
    (script: (request: ModelRequest) => Reply): Script =>
    (request) => ({ delayMs: paceMs, reply: script(request) });
  return missionCast({
    plans: [SAMPLE_PLAN],
    workers: SAMPLE_WORKERS,
    paceMs,
    override: { commander, planner: paced(planner), reviewer: paced(reviewer) },
  });
}

function commander({ lastUserText, freshToolResults }: ModelRequest): Reply {
  const board = freshToolResults.findLast((result) => result.name === "mission_board")?.output;
  if (board === undefined && lastUserText.includes("mission_board with wait"))
    return { calls: [{ name: "mission_board", args: { wait: true } }] };
  if (board?.includes("is sealed"))
    return {
      text:
        "Sealed: slug, duration, money and csv are repaired, src/index.js exports them all and the README shows " +
        "them. Look at src/csv.js first: its first attempt lost doubled quotes, and now has a test for them.",
    };
  return { text: board ?? lastUserText.replace(/^Repeat the following[^\n]*\n+/, "") };
}

function planner(request: ModelRequest): Reply {
  const directory = workingDirectory(request);
  const steps: ToolCall[] = [
    { name: "glob", args: { pattern: "**/*.js" } },
    { name: "read", args: { filePath: `${directory}/package.json` } },
    { name: "grep", args: { pattern: "^export function", context: 2 } },
    { name: "mission_plan", args: SAMPLE_PLAN },
  ];
  return nextStep(request, steps) ?? { text: "The plan is in." };
}

function reviewer(request: ModelRequest): Reply {
  const id = /^Review task (\S+) of mission /.exec(request.lastUserText)?.[1] ?? "";
  const probe = PROBES[id];
  const steps: ToolCall[] = [
    { name: "read", args: { filePath: `${workingDirectory(request)}/src/${id}.js` } },
    ...(probe
      ? [{ name: "bash", args: { command: probe.command, description: "Try what no test covers" } }]
      : []),
  ];
  const step = nextStep(request, steps);
  if (step) return step;
  if (request.freshToolResults.some((result) => result.name === "review_verdict")) return { text: "Judged." };
  const printed = request.freshToolResults.find((result) => result.name === "bash")?.output?.trim() ?? "";
  const args =
    probe && !printed.includes(probe.expected)
      ? { verdict: "reject", findings: [probe.finding(printed)] }
      : { verdict: "accept" };
  return { calls: [{ name: "review_verdict", args }] };
}

/** The first step without a result since the last message. Each step has another tool. */
function nextStep(request: ModelRequest, steps: readonly ToolCall[]): Reply | undefined {
  const done = new Set(request.freshToolResults.map((result) => result.name));
  const next = steps.find((step) => !done.has(step.name));
  return next && { calls: [next] };
}
