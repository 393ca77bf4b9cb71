import type { MissionEngine } from "../engine/index.js";
import type { Project } from "./project.js";

/** The project's state, opened by the first that needs it. A project without missions never has one. */
export class OpenedProject {
  readonly #open: () => Promise<Project>;
  #opened: Promise<Project> | undefined;

  constructor(open: () => Promise<Project>) {
    this.#open = open;
  }

  /** True once somebody has asked for it. */
  get isWanted(): boolean {
    return this.#opened !== undefined;
  }

  get(): Promise<Project> {
    this.#opened ??= this.#open();
    // A project that could not be opened is tried again by the next call.
    this.#opened.catch(() => {
      this.#opened = undefined;
    });
    return this.#opened;
  }

  async engine(): Promise<MissionEngine> {
    return (await this.get()).engine;
  }

  /** The project, if there has been a mission; a state that cannot be opened is no reason to disturb a chat. */
  async ifAny(): Promise<Project | undefined> {
    return this.#opened?.catch(() => undefined);
  }

  async engineIfAny(): Promise<MissionEngine | undefined> {
    return (await this.ifAny())?.engine;
  }
}
