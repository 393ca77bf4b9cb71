import { describe, expect, it } from "vitest";
import { pause, WaitTimeoutError, waitUntil } from "../../harness/index.js";

describe("waitUntil", () => {
  it("returns the first truthy answer", async () => {
    let looks = 0;
    const answer = await waitUntil(() => ++looks === 3 && "there", { what: "three looks", intervalMs: 1 });
    expect([answer, looks]).toEqual(["there", 3]);
  });

  it("says what it waited for, how long, and why the last look failed", async () => {
    const probe = () => {
      throw new Error("refused");
    };
    const waiting = waitUntil(probe, { what: "the port", timeoutMs: 30, intervalMs: 5 });
    await expect(waiting).rejects.toThrow(WaitTimeoutError);
    await expect(waiting).rejects.toThrow("waited 30 ms for the port (last look failed: Error: refused)");
  });

  it("is not held up by a probe that never settles", async () => {
    const startedAt = performance.now();
    const never = new Promise<boolean>(() => undefined);
    await expect(waitUntil(() => never, { what: "nothing", timeoutMs: 50 })).rejects.toThrow(
      WaitTimeoutError,
    );
    expect(performance.now() - startedAt).toBeLessThan(8_000);
  });

  it("ends with the reason of its signal", async () => {
    const abort = new AbortController();
    const waiting = waitUntil(() => false, { what: "nothing", signal: abort.signal });
    abort.abort(new Error("the process died"));
    await expect(waiting).rejects.toThrow("the process died");
  });

  it("pauses no longer than its signal allows", async () => {
    const startedAt = performance.now();
    await pause(10_000, AbortSignal.timeout(10));
    expect(performance.now() - startedAt).toBeLessThan(8_000);
  });
});
