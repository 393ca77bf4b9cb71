import {
  type ConversationMessage,
  countSteps,
  type FinishedCall,
  finishedCalls,
  replaceText,
} from "./conversation.js";
import { findSuperseded } from "./superseded.js";
import { estimateTokens } from "./tokens.js";

export interface PruneSettings {
  /** Calls of so many newest steps are never touched. */
  readonly keepSteps: number;
  /** Nothing is cut before so many tokens can be saved in one go: each batch changes the cached prefix once. */
  readonly batchTokens: number;
  /** An output that is longer loses its middle when it is no longer among the newest, in tokens. */
  readonly hugeTokens: number;
  /** Characters that such an output keeps, half of them at each end. */
  readonly excerptCharacters: number;
}

export const DEFAULT_PRUNING: PruneSettings = {
  keepSteps: 6,
  batchTokens: 20_000,
  hugeTokens: 3_000,
  excerptCharacters: 3_000,
};

export interface Pruning {
  /** Calls whose text was cut. */
  readonly cuts: number;
  /** Estimated. */
  readonly savedTokens: number;
  /** How often the prefix has changed up to here. */
  readonly batches: number;
}

/** How the text that stands in for a cut one begins. */
export const MARKER = "[Cut to keep the context small:";
/** A cut that saves less is not worth its marker. */
const LEAST_TOKENS = 32;

/** One text that could be cut, from a step on. */
interface Cut {
  readonly call: FinishedCall;
  readonly step: number;
  readonly text: string;
  readonly saved: number;
}

/**
 * Cuts what later calls have superseded, errors that are solved, and the middle of huge outputs; in place. Only texts of
 * results change, so that calls keep their results, and roles and order stay.
 *
 * The cut is a function of the conversation alone: it is walked through step by step, and whenever what could be cut
 * adds up to a batch, all of it is. A conversation that has grown is therefore cut where it was cut before, and
 * further only when a batch is full again; and what was cut stays the same when it is cut again.
 */
export function prune(
  messages: readonly ConversationMessage[],
  settings: PruneSettings = DEFAULT_PRUNING,
): Pruning {
  const cuts = possibleCuts(finishedCalls(messages), settings).sort((left, right) => left.step - right.step);
  const lastStep = countSteps(messages) - 1;
  const applied = new Map<FinishedCall, Cut>();
  let waiting: Cut[] = [];
  let waitingTokens = 0;
  let savedTokens = 0;
  let batches = 0;
  for (const [index, cut] of cuts.entries()) {
    if (cut.step > lastStep) break;
    waiting.push(cut);
    waitingTokens += cut.saved;
    // All cuts of a step come together.
    if (cuts[index + 1]?.step === cut.step || waitingTokens < settings.batchTokens) continue;
    for (const one of waiting) applied.set(one.call, one);
    savedTokens += waitingTokens;
    batches += 1;
    waiting = [];
    waitingTokens = 0;
  }
  for (const { call, text } of applied.values()) replaceText(messages, call, text);
  return { cuts: applied.size, savedTokens, batches };
}

function possibleCuts(calls: readonly FinishedCall[], settings: PruneSettings): Cut[] {
  const superseded = findSuperseded(calls);
  return calls.flatMap((call) => {
    if (call.text.startsWith(MARKER)) return [];
    const aged = call.step + settings.keepSteps;
    const whole = superseded.get(call);
    const wholeCut = whole && cutTo(call, Math.max(aged, whole.step), marker(whole.reason, whole.again));
    const excerpt = isHuge(call, settings) ? excerptOf(call, settings) : undefined;
    if (excerpt === undefined || (wholeCut && wholeCut.step <= aged)) return keepWorth([wholeCut]);
    const first = cutTo(call, aged, excerpt);
    const rest = wholeCut && { ...wholeCut, saved: wholeCut.saved - first.saved };
    return keepWorth([first, rest]);
  });
}

function cutTo(call: FinishedCall, step: number, text: string): Cut {
  return { call, step, text, saved: estimateTokens(call.text) - estimateTokens(text) };
}

function keepWorth(cuts: readonly (Cut | undefined)[]): Cut[] {
  return cuts.filter((cut): cut is Cut => cut !== undefined && cut.saved >= LEAST_TOKENS);
}

function marker(reason: string, again: string): string {
  return `${MARKER} ${reason}. To have it again: ${again}.]`;
}

function isHuge({ text, failed }: FinishedCall, { hugeTokens }: PruneSettings): boolean {
  return !failed && estimateTokens(text) > hugeTokens;
}

/** The two ends of the text and a line between them. */
function excerptOf({ tool, text }: FinishedCall, { excerptCharacters }: PruneSettings): string {
  const half = Math.floor(excerptCharacters / 2);
  // Not in the middle of a character: a lone surrogate is refused by some providers.
  const head = text.slice(0, half).replace(/[\uD800-\uDBFF]$/, "");
  const tail = text.slice(text.length - half).replace(/^[\uDC00-\uDFFF]/, "");
  const again = tool === "read" ? "read the part with offset and limit" : "make the call again";
  const left = text.length - head.length - tail.length;
  return `${head}\n${marker(`${left} characters of this output`, again)}\n${tail}`;
}
