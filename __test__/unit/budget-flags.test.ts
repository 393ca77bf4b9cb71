import { describe, expect, it } from "vitest";
import { takeBudget } from "../../src/opencode/budget-flags.js";
import { classify, retryAfterMs } from "../../src/opencode/failures.js";

describe("limits in front of a command's text", () => {
  it.each([
    ["add a thing", {}, "add a thing"],
    ["--tokens 2M add --cost 5", { tokens: 2_000_000 }, "add --cost 5"],
    ["--cost=$2.50 --minutes 90 --rounds 1,000 go", { cost: 2.5, minutes: 90, rounds: 1_000 }, "go"],
    ["  --sessions 7", { sessions: 7 }, ""],
    ["--tokens 1.5k\nline two", { tokens: 1_500 }, "line two"],
    ["--verbose is a flag of the goal", {}, "--verbose is a flag of the goal"],
  ])("%j", (text, budget, rest) => {
    expect(takeBudget(text)).toEqual({ budget, rest });
  });

  it.each(["--tokens many x", "--tokens 0 x", "--tokens 1.5 x", "--cost -1 x"])(
    "%j is refused by name",
    (text) => {
      expect(() => takeBudget(text)).toThrow(expect.objectContaining({ code: "ERR_BUDGET" }));
    },
  );
});

describe("an error of the host", () => {
  const error = (name: string, data: object) => classify({ name, data } as never);

  it.each([
    [error("MessageAbortedError", {}), "aborted"],
    [error("APIError", { statusCode: 429, isRetryable: true }), "transient"],
    [error("APIError", { statusCode: 503 }), "transient"],
    [error("UnknownError", { message: "socket" }), "transient"],
    [error("APIError", { statusCode: 401 }), "unavailable"],
    [error("APIError", { statusCode: 402, isRetryable: true }), "unavailable"],
    [error("ProviderAuthError", {}), "unavailable"],
    [error("APIError", { statusCode: 400 }), "permanent"],
    [error("MessageOutputLengthError", {}), "permanent"],
  ])("%j is %s", (failure, kind) => {
    expect(failure.kind).toBe(kind);
  });

  it("tells how long the provider asked to wait", () => {
    expect(error("APIError", { statusCode: 429, responseHeaders: { "Retry-After": "7" } }).retryAfterMs).toBe(
      7_000,
    );
    const nowMs = Date.parse("2026-01-01T00:00:00Z");
    expect(retryAfterMs({ "retry-after": "Thu, 01 Jan 2026 00:01:00 GMT" }, nowMs)).toBe(60_000);
    expect(retryAfterMs({ "retry-after-ms": "250", "retry-after": "9" })).toBe(250);
    expect(retryAfterMs({ "retry-after": "soon" })).toBeUndefined();
    expect(retryAfterMs({ "retry-after": "Wed, 31 Dec 2025 00:00:00 GMT" }, nowMs)).toBeUndefined();
    expect(retryAfterMs({})).toBeUndefined();
  });
});
