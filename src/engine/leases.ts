import { key, MissionError } from "../mission/index.js";
import type { Clock, Fence, Log, Owner, Store } from "../ports/index.js";

const TTL_MS = 20_000;
const RENEW_EVERY_MS = 5_000;

interface LeasePorts {
  readonly store: Store;
  readonly clock: Clock;
  readonly owner: Owner;
  readonly log: Log;
}

/**
 * The missions that this process may write. Each lease has a fencing token that every commit carries, so a process
 * that was thought dead and wakes up is refused by the store.
 */
export class Leases {
  readonly #ports: LeasePorts;
  readonly #lost: (mission: string) => void;
  readonly #held = new Map<string, { readonly fence: Fence; readonly stop: AbortController }>();

  constructor(ports: LeasePorts, lost: (mission: string) => void) {
    this.#ports = ports;
    this.#lost = lost;
  }

  /** @throws MissionError `ERR_NOT_OWNER` when a living process has the mission. */
  async take(mission: string): Promise<Fence> {
    const held = this.#held.get(mission);
    if (held) return held.fence;
    const { store, owner } = this.#ports;
    const name = key.lease(mission);
    const request = { name, holder: owner.holder, ttlMs: TTL_MS };
    let answer = await store.acquireLease(request);
    if (!answer.granted && owner.isDead(answer.holder))
      answer = await store.acquireLease({ ...request, steal: answer.token });
    if (!answer.granted)
      throw new MissionError(
        "ERR_NOT_OWNER",
        `mission ${mission} is run by another OpenCode process (${JSON.stringify(answer.holder)}): use it there`,
        { mission, holder: answer.holder, expiresMs: answer.expiresMs },
      );
    const fence = { lease: name, token: answer.token };
    const stop = new AbortController();
    this.#held.set(mission, { fence, stop });
    void this.#keep(mission, fence, stop.signal);
    return fence;
  }

  async release(mission: string): Promise<void> {
    const held = this.#held.get(mission);
    if (!held) return;
    this.#held.delete(mission);
    held.stop.abort();
    try {
      await this.#ports.store.releaseLease(held.fence.lease, held.fence.token);
    } catch (error) {
      // It runs out by itself.
      this.#ports.log.warn("lease.release", { mission, error: String(error) });
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#held.keys()].map((mission) => this.release(mission)));
  }

  async #keep(mission: string, fence: Fence, signal: AbortSignal): Promise<void> {
    const { clock, store, log } = this.#ports;
    for (;;) {
      try {
        await clock.sleep(RENEW_EVERY_MS, signal);
      } catch {
        return;
      }
      try {
        await store.renewLease(fence.lease, fence.token, TTL_MS);
      } catch (error) {
        log.warn("lease.renew", { mission, error: String(error) });
        if ((error as { code?: unknown }).code !== "ERR_FENCED") continue;
        this.#held.delete(mission);
        this.#lost(mission);
        return;
      }
    }
  }
}
