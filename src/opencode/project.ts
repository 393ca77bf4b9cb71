import { existsSync } from "node:fs";
import { mkdir, realpath, writeFile } from "node:fs/promises";
import { isAbsolute, join, relative } from "node:path";
import { MissionEngine } from "../engine/index.js";
import { Memory } from "../memory/index.js";
import type { Role } from "../mission/index.js";
import { isTerminalMission, type MissionView, readMission } from "../mission/index.js";
import { type CodeSearch, type NativeStore, WorkStealingLanes } from "../native/index.js";
import { ProjectChecks, processOwner, stateFile, stateFolder, systemClock, todoFile } from "../node/index.js";
import type { Host, Log, ModelRef } from "../ports/index.js";
import { FileProjection, renderTodo } from "../todo/index.js";
import type { PluginOptions } from "./options.js";
import { keepState, openState } from "./state.js";

export interface ProjectPorts {
  readonly directory: string;
  readonly host: Host;
  readonly log: Log;
  readonly options: PluginOptions;
  readonly search: CodeSearch;
  readonly agentModel: (role: Role) => ModelRef | undefined;
}

/** The open state of one project directory: store, engine and what follows them. */
export class Project {
  readonly engine: MissionEngine;
  readonly memory: Memory;
  readonly #store: NativeStore;
  readonly #todo: FileProjection;
  #keeping: Promise<void> = Promise.resolve();

  private constructor(ports: ProjectPorts, store: NativeStore) {
    this.#store = store;
    const random = { next: Math.random };
    this.memory = new Memory({ store, clock: systemClock, random });
    this.#todo = new FileProjection(
      todoFile(ports.directory),
      () => renderTodo(this.#views(), store.snapshot()),
      ports.log,
    );
    this.engine = new MissionEngine(
      {
        ...ports,
        store,
        lanes: new WorkStealingLanes({ ...ports.options.slots, checker: 2 }),
        checks: new ProjectChecks(ports.directory, ports.search),
        clock: systemClock,
        random,
        owner: processOwner,
        onChange: (view) => this.#changed(ports, view),
      },
      ports.options,
    );
  }

  /** Opens the project's state, creating it when there is none. */
  static async open(ports: ProjectPorts): Promise<Project> {
    const folder = stateFolder(ports.directory);
    await mkdir(folder, { recursive: true });
    const real = relative(await realpath(ports.directory), await realpath(folder));
    if (real.startsWith("..") || isAbsolute(real))
      throw new Error(
        `${folder} leads out of the project: remove the link, missions keep their state inside`,
      );
    // The folder ignores itself: nothing of it belongs into the project's history.
    if (!existsSync(join(folder, ".gitignore"))) await writeFile(join(folder, ".gitignore"), "*\n");
    const project = new Project(ports, await openState(stateFile(ports.directory), ports));
    project.#keep(ports);
    return project;
  }

  async close(): Promise<void> {
    await this.engine.close();
    await this.#todo.settled();
    await this.#keeping;
    await this.#store.close();
  }

  #keep(ports: ProjectPorts): void {
    this.#keeping = this.#keeping.then(() => keepState(this.#store, ports));
  }

  #views(): MissionView[] {
    const missions = this.engine.missions();
    const shown = missions.filter(
      (one, index) => !isTerminalMission(one.state) || index === missions.length - 1,
    );
    return shown.map((mission) => readMission(this.#store, mission.id));
  }

  #changed(ports: ProjectPorts, view: MissionView): void {
    this.#todo.refresh();
    announceState(ports.host, view);
    if (isTerminalMission(view.mission.state)) this.#keep(ports);
  }
}

const ANNOUNCED = { sealed: "success", blocked: "warning", failed: "error" } as const;

function announceState(host: Host, { mission }: MissionView): void {
  const variant = ANNOUNCED[mission.state as keyof typeof ANNOUNCED];
  if (!variant) return;
  void host.notify({ title: `Mission ${mission.id}`, message: mission.reason ?? mission.state, variant });
}
