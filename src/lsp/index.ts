/**
 * Language servers as a check: started on demand, kept between diagnoses, in projects that nobody has vouched for. What
 * runs them is loaded when it is first needed: a plugin's import is waited for, and most sessions run no mission.
 */
import type { Diagnosis } from "../ports/index.js";
import type { Fleet, FleetSettings } from "./fleet.js";

export type { FleetSettings, LanguageServerOptions } from "./fleet.js";
export { ending, SERVER_IDS, SERVERS, type ServerId, type ServerSpec } from "./servers.js";

/** Servers that are loaded, and started, when something is first asked of them. */
export class LanguageServers {
  readonly #settings: FleetSettings | undefined;
  #fleet: Promise<Fleet> | undefined;
  #closed = false;

  /** @param settings without them there are no servers, and nothing is looked at */
  constructor(settings: FleetSettings | undefined) {
    this.#settings = settings;
  }

  /** What the servers say of the files, which are relative to the project. @throws only the signal's reason */
  async diagnose(paths: readonly string[], signal: AbortSignal): Promise<Diagnosis> {
    const settings = this.#settings;
    if (!settings || this.#closed || paths.length === 0) return { errors: [], servers: [], unchecked: [] };
    this.#fleet ??= import("./fleet.js").then((module) => new module.Fleet(settings));
    return (await this.#fleet).diagnose(paths, signal);
  }

  /** Ends every process; resolves when they are gone. */
  async close(): Promise<void> {
    this.#closed = true;
    await (await this.#fleet?.catch(() => undefined))?.close();
  }
}
