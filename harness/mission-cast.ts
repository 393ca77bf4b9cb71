import { isDeepStrictEqual } from "node:util";
import type { Reply, ToolCall } from "./model-reply.js";
import { contentText, type ModelRequest, type ToolResult } from "./model-request.js";
import { byAgent, type Script } from "./script.js";

/** What a scripted Worker does in one attempt at a task, before it reports. `directory` is the project's. */
export type Attempt = (directory: string) => readonly ToolCall[];

export interface WorkerPart {
  /** One entry for each attempt; the last one is played again when there are more. */
  readonly attempts: readonly Attempt[];
  readonly summary?: string;
}

/** A verdict on an attempt, from 1. */
export type ReviewerPart = (attempt: number) => { verdict: "accept" | "reject"; findings?: string[] };

export interface MissionPlay {
  /** What the Planner submits: one plan, or several, each after the refusal of the one before. */
  readonly plans: readonly unknown[];
  readonly workers: Readonly<Record<string, WorkerPart>>;
  readonly reviewers?: Readonly<Record<string, ReviewerPart>>;
  /** Silence before each reply of an agent, in milliseconds. */
  readonly paceMs?: number;
  /** Agents that are played otherwise. */
  readonly override?: Readonly<Record<string, Script | undefined>>;
}

const accept: ReviewerPart = () => ({ verdict: "accept" });

/**
 * Plays the four agents of a mission. Each reply follows from the conversation alone, so a conversation that was
 * cut off goes on where its tool results end.
 */
export function missionCast(play: MissionPlay): Script {
  const paced =
    (script: (request: ModelRequest) => Reply): Script =>
    (request) => {
      const reply = script(request);
      return play.paceMs ? { delayMs: play.paceMs, reply } : reply;
    };
  return byAgent({
    commander,
    planner: paced((request) => planner(play, request)),
    worker: paced((request) => worker(play, request)),
    reviewer: paced((request) => reviewer(play, request)),
    ...play.override,
  });
}

/** The project that the agent works in, as the host tells it in the system prompt. */
export function workingDirectory(request: ModelRequest): string {
  const found = /Working directory: (.+)/.exec(request.system)?.[1];
  if (!found) throw new Error("the system prompt names no working directory");
  return found.trim();
}

const commander: Script = ({ lastUserText, freshToolResults }) => {
  const board = freshToolResults.findLast((result) => result.name === "mission_board");
  if (board) return { text: board.output ?? "" };
  const verbatim = /^Repeat the following[^\n]*\n\n([\s\S]*)$/.exec(lastUserText)?.[1];
  if (verbatim) return { text: verbatim };
  if (lastUserText.includes("mission_board with wait"))
    return { calls: [{ name: "mission_board", args: { wait: true } }] };
  return { text: lastUserText };
};

function planner(play: MissionPlay, { freshToolResults }: ModelRequest): Reply {
  const submitted = freshToolResults.filter((result) => result.name === "mission_plan");
  if (submitted.at(-1)?.output?.includes("is accepted")) return { text: "The plan is in." };
  const plan = play.plans[Math.min(submitted.length, play.plans.length - 1)];
  if (submitted.length > play.plans.length) return { text: "I have no other plan." };
  return { calls: [{ name: "mission_plan", args: plan }] };
}

function worker(play: MissionPlay, request: ModelRequest): Reply {
  const { id, part } = partOf(play.workers, /^Task (\S+) of mission/m, request);
  const briefs = request.userTexts.filter((text) => /^(Task \S+ of mission|Attempt \d+ was not)/.test(text));
  const attempt = part.attempts[Math.min(briefs.length, part.attempts.length) - 1];
  if (!attempt) throw new Error(`the Worker of ${id} has no attempts`);
  const results = resultsSinceBrief(request, /^(Task \S+ of mission|Attempt \d+ was not)/);
  const next = attempt(workingDirectory(request)).find((call) => !isDone(call, results));
  if (next) return { calls: [next] };
  if (results.some((result) => result.name === "task_report" && result.output !== undefined))
    return { text: `${id} is reported.` };
  const summary = part.summary ?? `${id} is done.`;
  return { calls: [{ name: "task_report", args: { state: "done", summary } }] };
}

function reviewer(play: MissionPlay, request: ModelRequest): Reply {
  const texts = request.userTexts.filter((text) => text.startsWith("Review task "));
  const [, id = "", attempt = "1"] =
    /^Review task (\S+) of mission \S+, attempt (\d+)/.exec(texts.at(-1) ?? "") ?? [];
  if (resultsSinceBrief(request, /^Review task /).some((result) => result.name === "review_verdict"))
    return { text: "Judged." };
  const verdict = (play.reviewers?.[id] ?? accept)(Number(attempt));
  return { calls: [{ name: "review_verdict", args: verdict }] };
}

function partOf(parts: Readonly<Record<string, WorkerPart>>, pattern: RegExp, request: ModelRequest) {
  const id = pattern.exec(request.userTexts[0] ?? "")?.[1] ?? "";
  const part = parts[id];
  if (!part) throw new Error(`there is no part for task ${JSON.stringify(id)}`);
  return { id, part };
}

/** Results of the calls that were made after the last message that began an attempt. */
function resultsSinceBrief(request: ModelRequest, brief: RegExp): readonly ToolResult[] {
  const begin = request.messages.findLastIndex(
    (message) => message.role === "user" && brief.test(contentText(message)),
  );
  const ids = new Set(
    request.messages.slice(begin + 1).flatMap((message) => (message.tool_calls ?? []).map((call) => call.id)),
  );
  return request.toolResults.filter((result) => ids.has(result.id));
}

/** A call with a result that is not the host's note that it was interrupted. */
function isDone(call: ToolCall, results: readonly ToolResult[]): boolean {
  return results.some(
    (result) =>
      result.name === call.name &&
      isDeepStrictEqual(result.args, call.args) &&
      result.output !== undefined &&
      !/aborted|interrupted/i.test(result.output.slice(0, 60)),
  );
}
