import type { AssistantMessage } from "@opencode-ai/sdk";
import type { TurnFailure } from "../ports/index.js";

/** No key, no credit, not allowed, no such model: this model cannot serve us, another one may. */
const UNAVAILABLE = new Set([401, 402, 403, 404]);
/** A timeout, a conflict, or too much at once. */
const PASSING = new Set([408, 409, 425, 429]);

/** What an error that the host wrote into an answer means for us. */
export function classify(error: NonNullable<AssistantMessage["error"]>): TurnFailure {
  const data = error.data as {
    message?: unknown;
    isRetryable?: unknown;
    statusCode?: unknown;
    responseHeaders?: Readonly<Record<string, string>>;
  };
  const message = `${error.name}: ${typeof data.message === "string" ? data.message : "no message"}`;
  if (error.name === "MessageAbortedError") return { kind: "aborted", message };
  if (error.name === "ProviderAuthError") return { kind: "unavailable", message };
  const status = typeof data.statusCode === "number" ? data.statusCode : undefined;
  if (status !== undefined && UNAVAILABLE.has(status)) return { kind: "unavailable", message };
  const passes =
    data.isRetryable === true || (status !== undefined && (PASSING.has(status) || status >= 500));
  // A stream that broke off has no status; the host calls it unknown.
  if (!passes && error.name !== "UnknownError") return { kind: "permanent", message };
  return { kind: "transient", message, retryAfterMs: retryAfterMs(data.responseHeaders ?? {}) };
}

/** `Retry-After` in seconds or as a date (RFC 9110, 10.2.3), or the milliseconds that some providers send beside it. */
export function retryAfterMs(
  headers: Readonly<Record<string, string>>,
  nowMs = Date.now(),
): number | undefined {
  const find = (name: string) =>
    Object.entries(headers).find(([header]) => header.toLowerCase() === name)?.[1];
  const exact = Number(find("retry-after-ms") ?? Number.NaN);
  if (exact >= 0) return exact;
  const value = find("retry-after");
  if (value === undefined) return undefined;
  const seconds = Number(value);
  const ms = Number.isNaN(seconds) ? Date.parse(value) - nowMs : seconds * 1_000;
  return ms >= 0 ? ms : undefined;
}
