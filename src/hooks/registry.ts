import type { Log } from "../ports/index.js";
import type { Hook, Points } from "./hook.js";
import { orderHooks } from "./order.js";
import { HookStopwatch, type HookTimes } from "./times.js";

/** An isolated hook that fails so often in a row is left out from then on. */
export const MAX_FAILURES_IN_A_ROW = 5;
/** A call of a hook that takes longer is named in the log, in milliseconds. */
const SLOW_MS = 1_000;
/** How much time passes between two log lines with the figures, in milliseconds; no call, no line. */
const REPORT_EVERY_MS = 10 * 60_000;

export interface HookPorts {
  readonly log: Log;
  /** Milliseconds since some fixed moment, with fractions. */
  readonly elapsed: () => number;
  /** A hook was left out after repeated failures: tells the user. */
  readonly onDisabled: (name: string, reason: string) => void;
}

/** Which hooks the user has switched off: `false` by name. */
export type HookSwitches = Readonly<Record<string, boolean>>;

interface Registered<At extends Points> {
  readonly hook: Hook<At>;
  readonly stopwatch: HookStopwatch;
  failuresInARow: number;
  isOff: boolean;
}

/** The hooks of one project, called point by point in their order. */
export class HookRegistry<At extends Points> {
  readonly #ports: HookPorts;
  readonly #hooks: readonly Registered<At>[];
  readonly #atPoint = new Map<keyof At, readonly Registered<At>[]>();
  /** What the switches ask for and does not happen. */
  readonly problems: readonly string[];
  #reportedMs: number;

  /** @throws HookConfigurationError */
  constructor(hooks: readonly Hook<At>[], ports: HookPorts, switches: HookSwitches = {}) {
    this.#ports = ports;
    this.#hooks = orderHooks(hooks).map((hook) => ({
      hook,
      stopwatch: new HookStopwatch(),
      failuresInARow: 0,
      isOff: switches[hook.name] === false && hook.safety !== true,
    }));
    this.problems = Object.entries(switches).flatMap(([name, on]) => this.#problem(name, on));
    this.#reportedMs = ports.elapsed();
  }

  /** True when a hook that is on hangs there. */
  hangsAt(point: keyof At): boolean {
    return this.#at(point).length > 0;
  }

  /**
   * Calls the hooks of the point one after another. What an isolated hook throws is logged.
   * @throws what a safety hook throws; the hooks behind it are not called.
   */
  async run<Point extends keyof At>(point: Point, ...input: At[Point]): Promise<void> {
    for (const one of this.#at(point)) {
      if (one.isOff) continue;
      const begin = this.#ports.elapsed();
      try {
        // Not awaited where there is nothing to wait for: hooks without I/O are through before the next event comes.
        const running = one.hook.on[point]?.(...input);
        if (running) await running;
        this.#passed(one, this.#ports.elapsed() - begin);
      } catch (error) {
        this.#failed(one, String(point), this.#ports.elapsed() - begin, error);
        if (one.hook.safety) throw error;
      }
    }
  }

  /** What each hook has cost, in their order. */
  times(): Map<string, HookTimes> {
    return new Map(this.#hooks.map(({ hook, stopwatch }) => [hook.name, stopwatch.times]));
  }

  /** Writes the figures into the log. */
  report(): void {
    this.#reportedMs = this.#ports.elapsed();
    const called = [...this.times()].filter(([, { calls }]) => calls > 0);
    if (called.length > 0) this.#ports.log.info("hooks", Object.fromEntries(called));
  }

  #at(point: keyof At): readonly Registered<At>[] {
    let found = this.#atPoint.get(point);
    if (!found) {
      found = this.#hooks.filter(({ hook, isOff }) => hook.on[point] !== undefined && !isOff);
      this.#atPoint.set(point, found);
    }
    return found;
  }

  #passed(one: Registered<At>, ms: number): void {
    one.failuresInARow = 0;
    one.stopwatch.record(ms, false);
    if (ms > SLOW_MS) this.#ports.log.warn("hook.slow", { hook: one.hook.name, ms });
    if (this.#ports.elapsed() - this.#reportedMs > REPORT_EVERY_MS) this.report();
  }

  #failed(one: Registered<At>, point: string, ms: number, error: unknown): void {
    one.stopwatch.record(ms, true);
    const { name, safety } = one.hook;
    // A safety hook that refuses does its work.
    if (safety) return;
    const reason = error instanceof Error ? error.message : String(error);
    this.#ports.log.warn("hook.failed", { hook: name, point, error: reason });
    one.failuresInARow += 1;
    if (one.failuresInARow < MAX_FAILURES_IN_A_ROW || one.isOff) return;
    one.isOff = true;
    this.#ports.log.error("hook.disabled", { hook: name, failures: one.failuresInARow, error: reason });
    this.#ports.onDisabled(name, reason);
  }

  #problem(name: string, on: boolean): string[] {
    const one = this.#hooks.find(({ hook }) => hook.name === name);
    if (!one) return [`options.hooks.${name}: there is no such hook (${this.#names()})`];
    if (one.hook.safety && !on) return [`options.hooks.${name}: it keeps agents within bounds and stays on`];
    return [];
  }

  #names(): string {
    return this.#hooks.map(({ hook }) => hook.name).join(", ");
  }
}
