import { existsSync } from "node:fs";
import { appendFile, mkdir, realpath, writeFile } from "node:fs/promises";
import { isAbsolute, join, relative } from "node:path";
import { amend, laneSlots, MissionEngine, Requests } from "../engine/index.js";
import { TreeSnapshots } from "../git/index.js";
import { maskSecrets } from "../log/index.js";
import { LanguageServers } from "../lsp/index.js";
import { Memory, NotesFile } from "../memory/index.js";
import { isTerminalMission, MissionError, type MissionView, type Role } from "../mission/index.js";
import { type CodeSearch, type NativeStore, WorkStealingLanes } from "../native/index.js";
import {
  conflictFile,
  filesOf,
  memoryFile,
  ProjectChecks,
  processOwner,
  SystemPressure,
  stateFile,
  stateFolder,
  systemClock,
  todoFile,
  treeFolder,
  watchState,
} from "../node/index.js";
import type { Host, Log, ModelRef } from "../ports/index.js";
import type { Shutdown } from "../shutdown/index.js";
import { FileProjection, TodoFile } from "../todo/index.js";
import type { PluginOptions } from "./options.js";
import { RELEASE_ORDER } from "./release-order.js";
import { keepState, openState } from "./state.js";
import { Toasts } from "./toasts.js";
import { TransitionLog } from "./transitions.js";

export interface ProjectPorts {
  readonly directory: string;
  readonly host: Host;
  readonly log: Log;
  readonly options: PluginOptions;
  readonly search: CodeSearch;
  /** Lets go of what the project holds. */
  readonly shutdown: Shutdown;
  readonly agentModel: (role: Role) => ModelRef | undefined;
  /** Whether the user is asked something in one of these sessions. */
  readonly isAsking: (sessions: readonly string[]) => boolean;
}

/** The open state of one project directory: store, engine and what follows them. */
export class Project {
  readonly engine: MissionEngine;
  readonly memory: Memory;
  readonly #store: NativeStore;
  readonly #todo: FileProjection;
  readonly #languageServers: LanguageServers;
  readonly #transitions: TransitionLog;
  readonly #notes: FileProjection;
  readonly #tree: TreeSnapshots;
  readonly #requests: Requests;
  readonly #watch: Disposable;
  readonly #toasts: Toasts | undefined;
  #keeping: Promise<void> = Promise.resolve();

  private constructor(ports: ProjectPorts, store: NativeStore) {
    this.#store = store;
    this.#transitions = new TransitionLog(ports.log);
    if (ports.options.toasts)
      this.#toasts = new Toasts({
        clock: systemClock,
        notify: (notice) => ports.host.notify(notice),
        isAsking: ports.isAsking,
      });
    const random = { next: Math.random };
    this.#todo = this.#projection(ports, store);
    this.#languageServers = languageServers(ports);
    this.#notes = notesProjection(ports, store);
    this.memory = new Memory({
      store,
      mask: maskSecrets,
      clock: systemClock,
      random,
      onProjectChange: () => this.#notes.refresh(),
    });
    this.#tree = new TreeSnapshots(ports.directory, treeFolder(ports.directory), (reason) => {
      ports.log.warn("tree.unmeasurable", { reason });
      void ports.host.notify({
        title: "What shell commands change cannot be measured",
        message: reason,
        variant: "warning",
      });
    });
    this.engine = new MissionEngine(
      {
        ...ports,
        tree: this.#tree,
        store,
        lanes: new WorkStealingLanes(laneSlots(ports.options)),
        pressure: new SystemPressure(),
        finalizer: new FinalizationRegistry((drop: () => void) => drop()),
        checks: new ProjectChecks(ports.directory, ports.search, (paths, signal) =>
          this.#languageServers.diagnose(paths, signal),
        ),
        clock: systemClock,
        random,
        owner: processOwner,
        onChange: (view) => this.#changed(ports, view),
      },
      ports.options,
    );
    this.#requests = new Requests({ engine: this.engine, store, clock: systemClock, random, log: ports.log });
    this.#watch = watchState(stateFile(ports.directory), () => this.#requests.look());
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
    const store = await openState(stateFile(ports.directory), ports);
    ports.shutdown.add({ name: "store", priority: RELEASE_ORDER.store, release: () => store.close() });
    const project = new Project(ports, store);
    project.#letGoAtTheEnd(ports.shutdown);
    // Without a mission under way, here or in another process, nothing is measured against these.
    if (project.engine.missions().every((mission) => isTerminalMission(mission.state)))
      await project.#tree.forget().catch((error) => ports.log.warn("tree.forget", { error: String(error) }));
    project.#keep(ports);
    return project;
  }

  #letGoAtTheEnd(shutdown: Shutdown): void {
    shutdown.add({
      name: "requests",
      priority: RELEASE_ORDER.engine,
      release: () => {
        this.#watch[Symbol.dispose]();
        this.#toasts?.close();
        return this.#requests.settled();
      },
    });
    shutdown.add({ name: "missions", priority: RELEASE_ORDER.engine, release: () => this.engine.close() });
    const end = () => this.#languageServers.close();
    shutdown.add({ name: "language servers", priority: RELEASE_ORDER.languageServers, release: end });
    shutdown.add({ name: "tree", priority: RELEASE_ORDER.tree, release: () => this.#tree.close() });
    shutdown.add({ name: "todo.md", priority: RELEASE_ORDER.todo, release: () => this.#todo.settled() });
    shutdown.add({
      name: "memory.md",
      priority: RELEASE_ORDER.todo,
      release: () => this.#notes.settled(),
    });
    shutdown.add({ name: "backup", priority: RELEASE_ORDER.keeping, release: () => this.#keeping });
  }

  #keep(ports: ProjectPorts): void {
    this.#keeping = this.#keeping.then(() => keepState(this.#store, ports));
  }

  /** Takes in what somebody may have edited in todo.md and memory.md. Never rejects. */
  async readFiles(): Promise<void> {
    this.#todo.look();
    this.#notes.look();
    await this.#todo.settled();
    await this.#notes.settled();
  }

  #projection({ directory, host, log, shutdown }: ProjectPorts, store: NativeStore): FileProjection {
    const todo = new TodoFile({
      store,
      log,
      clock: systemClock,
      amend: (mission, edits) => {
        // They stay in the file, and are read when the project is opened again.
        if (shutdown.hasBegun) throw new MissionError("ERR_NOT_OWNER", "the project is being closed");
        return amend(this.engine, mission, edits);
      },
      keep: (text) => appendFile(conflictFile(directory), text),
      tell: (message) => void host.notify({ title: "todo.md", message, variant: "warning" }),
    });
    return new FileProjection(todoFile(directory), {
      clock: systemClock,
      log,
      bring: (text) => todo.bring(text),
    });
  }

  #changed(ports: ProjectPorts, view: MissionView): void {
    this.#transitions.note(view);
    this.#todo.refresh();
    this.#toasts?.seen(view);
    if (isTerminalMission(view.mission.state)) this.#keep(ports);
  }
}

function languageServers({ directory, search, log, options }: ProjectPorts): LanguageServers {
  if (!options.languageServers) return new LanguageServers(undefined);
  return new LanguageServers({
    directory,
    log,
    clock: systemClock,
    options: options.languageServers,
    files: (globs, signal) => filesOf(search, directory, globs, signal),
  });
}

function notesProjection({ directory, host, log }: ProjectPorts, store: NativeStore): FileProjection {
  const notes = new NotesFile({
    store,
    mask: maskSecrets,
    log,
    clock: systemClock,
    random: { next: Math.random },
    tell: (message) => void host.notify({ title: "memory.md", message, variant: "warning" }),
  });
  return new FileProjection(memoryFile(directory), {
    clock: systemClock,
    log,
    bring: (text) => notes.bring(text),
  });
}
