import { encode } from "gpt-tokenizer/encoding/o200k_base";
import type { ModelRequest } from "../../harness/index.js";

export interface Measured {
  readonly requests: number;
  /** All tokens of all requests. */
  readonly tokens: number;
  readonly largest: number;
  /** Tokens that stood, in the same place, in the request of the session before: what a provider's cache can have. */
  readonly cached: number;
  /** Times that the beginning of a session's conversation changed. */
  readonly breaks: number;
  /** Characters for each token. */
  readonly charactersPerToken: number;
}

/** What a provider reads of a request, in the order in which its cache goes: tools, system, messages. */
function pieces(request: ModelRequest): string[] {
  const messages = request.raw.messages.map((message) => JSON.stringify(message));
  return [JSON.stringify(request.raw.tools ?? []), ...messages];
}

/** Characters that two texts have in common from their beginning. */
function commonPrefix(left: string, right: string): number {
  let at = 0;
  while (at < left.length && left[at] === right[at]) at++;
  return at;
}

/** Figures of the agents' turns; titles and summaries are the host's own. */
export function measure(all: readonly ModelRequest[]): Measured {
  const turns = all.filter((request) => request.purpose === "turn");
  const before = new Map<string, string[]>();
  const sum = { tokens: 0, largest: 0, cached: 0, breaks: 0, characters: 0 };
  const known = new Map<string, number>();
  const count = (text: string) => {
    const tokens = known.get(text) ?? encode(text).length;
    known.set(text, tokens);
    return tokens;
  };
  for (const request of turns) {
    const now = pieces(request);
    const last = before.get(request.conversationKey) ?? [];
    const tokens = now.reduce((total, piece) => total + count(piece), 0);
    const first = now.findIndex((piece, index) => piece !== last[index]);
    const same = first < 0 ? now.length : first;
    const shared = now.slice(0, same).reduce((total, piece) => total + count(piece), 0);
    const part = (now[same] ?? "").slice(0, commonPrefix(now[same] ?? "", last[same] ?? ""));
    sum.tokens += tokens;
    sum.largest = Math.max(sum.largest, tokens);
    sum.cached += shared + (part === "" ? 0 : encode(part).length);
    if (same < last.length) sum.breaks += 1;
    sum.characters += now.reduce((total, piece) => total + piece.length, 0);
    before.set(request.conversationKey, now);
  }
  const { characters, ...figures } = sum;
  return { requests: turns.length, ...figures, charactersPerToken: characters / sum.tokens };
}
