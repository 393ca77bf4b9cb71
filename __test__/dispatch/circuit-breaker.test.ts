import { describe, expect, it } from "vitest";
import { CircuitBreaker } from "../../src/dispatch/index.js";

const OPTIONS = { failures: 3, firstDelayMs: 100, maxDelayMs: 350 };

function opened(): CircuitBreaker {
  const breaker = new CircuitBreaker(OPTIONS);
  for (let time = 0; time < 3; time++) breaker.failed(0, false);
  return breaker;
}

/** The probe of a half-open breaker. */
function probe(breaker: CircuitBreaker, atMs: number): boolean {
  expect(breaker.admits(atMs)).toBe(true);
  return breaker.pass(atMs);
}

describe("a circuit breaker", () => {
  it("opens after so many failures in a row, not before, and a success begins the row anew", () => {
    const breaker = new CircuitBreaker(OPTIONS);
    breaker.failed(0, false);
    breaker.failed(0, false);
    breaker.succeeded();
    breaker.failed(0, false);
    breaker.failed(0, false);
    expect(breaker.state(0)).toBe("closed");
    breaker.failed(0, false);
    expect(breaker.state(0)).toBe("open");
    expect(breaker.admits(99)).toBe(false);
  });

  it("lets one probe through after its delay, and closes when that succeeds", () => {
    const breaker = opened();
    expect(breaker.state(100)).toBe("half-open");
    expect(probe(breaker, 100)).toBe(true);
    expect(breaker.admits(100)).toBe(false);
    breaker.succeeded();
    expect(breaker.state(100)).toBe("closed");
    expect(breaker.admits(100)).toBe(true);
    expect(breaker.pass(100)).toBe(false);
  });

  it("waits twice as long after each probe that fails, up to the most", () => {
    const breaker = opened();
    let nowMs = 0;
    for (const delayMs of [100, 200, 350, 350]) {
      expect(breaker.retryAtMs).toBe(nowMs + delayMs);
      nowMs += delayMs;
      breaker.failed(nowMs, probe(breaker, nowMs));
    }
  });

  it("takes a late failure of a call from before for nothing new", () => {
    const breaker = opened();
    breaker.failed(50, false);
    expect(breaker.retryAtMs).toBe(100);
    const isProbe = probe(breaker, 120);
    breaker.failed(130, false);
    expect(breaker.state(130)).toBe("half-open");
    breaker.gaveUp(false);
    expect(breaker.admits(130)).toBe(false);
    breaker.gaveUp(isProbe);
    expect(breaker.admits(130)).toBe(true);
  });

  it("opens at once when the other side cannot serve us, and holds back as long as it was asked to", () => {
    const breaker = new CircuitBreaker(OPTIONS);
    breaker.trip(0, false);
    expect(breaker.state(0)).toBe("open");
    const held = new CircuitBreaker(OPTIONS);
    held.hold(5_000);
    expect([held.admits(4_999), held.admits(5_000), held.retryAtMs]).toEqual([false, true, 5_000]);
    expect(held.state(0)).toBe("closed");
  });
});
