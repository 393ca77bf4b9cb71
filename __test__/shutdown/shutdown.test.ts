import { describe, expect, it } from "vitest";
import { systemClock } from "../../src/node/index.js";
import { RELEASE_LIMIT_MS, Shutdown } from "../../src/shutdown/index.js";

function shutdown(limitMs?: number) {
  const lines: [string, unknown][] = [];
  const write = (event: string, fields: Readonly<Record<string, unknown>> = {}) =>
    void lines.push([event, fields["release"]]);
  const made = new Shutdown({ clock: systemClock, log: { info: write, warn: write, error: write } }, limitMs);
  const order: string[] = [];
  const add = (name: string, priority: number, release: () => Promise<void> | void = () => undefined) =>
    made.add({
      name,
      priority,
      release: () => {
        order.push(name);
        return release();
      },
    });
  return { made, add, order, lines };
}

describe("shutdown", () => {
  it("lets go by priority, equals together, and the next when they are through", async () => {
    const { made, add, order } = shutdown();
    const through: string[] = [];
    const later = (name: string) => async () => {
      await new Promise((resolve) => setImmediate(resolve));
      through.push(name);
    };
    add("last", 1, () => void through.push("last"));
    add("a", 3, later("a"));
    add("b", 3, later("b"));
    add("c", 2, later("c"));
    await made.run();
    expect(order).toEqual(["a", "b", "c", "last"]);
    expect(through).toEqual(["a", "b", "c", "last"]);
  });

  it("goes on after one that hangs, and after one that fails now or later", async () => {
    const { made, add, order, lines } = shutdown(5);
    add("hangs", 3, () => new Promise(() => undefined));
    add("throws", 2, () => {
      throw new Error("no");
    });
    add("rejects", 1, async () => {
      throw new Error("no");
    });
    await made.run();
    expect(order).toEqual(["hangs", "throws", "rejects"]);
    expect(lines).toEqual([
      ["shutdown.slow", "hangs"],
      ["shutdown.failed", "throws"],
      ["shutdown.failed", "rejects"],
    ]);
    expect(RELEASE_LIMIT_MS).toBe(5_000);
  });

  it("runs once, however often it is called", async () => {
    const { made, add, order } = shutdown();
    add("one", 1);
    expect(made.hasBegun).toBe(false);
    await Promise.all([made.run(), made.run()]);
    await made.run();
    expect([order, made.hasBegun]).toEqual([["one"], true]);
  });

  it("lets go of what is opened while it runs, and at once of what is opened afterwards", async () => {
    const { made, add, order } = shutdown();
    add("opening", 3, () => add("opened", 2));
    add("end", 1);
    await made.run();
    add("too late", 9);
    expect(order).toEqual(["opening", "opened", "end", "too late"]);
  });

  it("leaves no timer behind", async () => {
    const timers = () => process.getActiveResourcesInfo().filter((one) => one === "Timeout").length;
    const before = timers();
    const { made, add } = shutdown();
    for (let count = 0; count < 20; count++) add(`r${count}`, count % 3);
    await made.run();
    expect(timers()).toBeLessThanOrEqual(before);
  });
});
