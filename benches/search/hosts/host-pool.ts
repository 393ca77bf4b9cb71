import type { EngineName } from "../engines/names.js";
import { EngineHost } from "./engine-host.js";

/** Engines that start a process for each search. Node forks for that, which takes longer the more memory it holds. */
const FORKING: readonly EngineName[] = ["rg-json", "rg-json-to-end", "rg-count"];

/** The engines' processes for one tree, started at their first use. */
export class HostPool implements AsyncDisposable {
  readonly #root: string;
  readonly #onStart: (engine: EngineName, host: EngineHost) => void;
  readonly #hosts = new Map<EngineName, EngineHost>();

  constructor(root: string, onStart: (engine: EngineName, host: EngineHost) => void = () => undefined) {
    this.#root = root;
    this.#onStart = onStart;
  }

  async get(engine: EngineName): Promise<EngineHost> {
    const running = this.#hosts.get(engine);
    if (running) return running;
    const host = await EngineHost.start(engine, this.#root);
    this.#hosts.set(engine, host);
    this.#onStart(engine, host);
    return host;
  }

  /** Ends the processes whose growth slows their next searches down. */
  async refresh(): Promise<void> {
    for (const engine of FORKING) {
      await this.#hosts.get(engine)?.[Symbol.asyncDispose]();
      this.#hosts.delete(engine);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const host of this.#hosts.values()) await host[Symbol.asyncDispose]();
    this.#hosts.clear();
  }
}
