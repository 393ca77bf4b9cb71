import { readFile } from "node:fs/promises";
import {
  createProject,
  type MissionPlay,
  missionCast,
  OpenCodeHost,
  type Project,
  type Script,
  ScriptedModel,
  type ToolCall,
  waitUntil,
  workingDirectory,
} from "../../harness/index.js";
import { key, type Mission, type MissionView, missionSchema, readMission } from "../../src/mission/index.js";
import { type AuditEntry, type NativeStore, openStore } from "../../src/native/index.js";
import { stateFile, todoFile } from "../../src/node/index.js";

/** The plugin as it is built: what a user's OpenCode loads. */
export const PLUGIN = new URL("../../dist/server.js", import.meta.url).href;

export interface StageOptions {
  readonly plugin?: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, string>>;
}

/** One real OpenCode with the plugin and a scripted model, shared by the tests of a file; each test has its own project. */
export class Stage implements AsyncDisposable {
  readonly model: ScriptedModel;
  host: OpenCodeHost;
  readonly #scripts: Map<string, Script>;
  readonly performances: Performance[] = [];

  /** Who plays the summaries of compactions. */
  readonly compaction: { script?: Script };

  private constructor(
    model: ScriptedModel,
    host: OpenCodeHost,
    scripts: Map<string, Script>,
    compaction: { script?: Script },
  ) {
    this.compaction = compaction;
    this.model = model;
    this.host = host;
    this.#scripts = scripts;
  }

  /** @param plugin options of the plugin's entry @param env added to the host's environment */
  static async open({ plugin = {}, env = {} }: StageOptions = {}): Promise<Stage> {
    const scripts = new Map<string, Script>();
    const compaction: { script?: Script } = {};
    const model = await ScriptedModel.start({
      script: (request, context) => {
        // A request for a summary names no directory.
        const script =
          request.purpose === "compaction" ? compaction.script : scripts.get(workingDirectory(request));
        if (!script) throw new Error(`nothing is played for ${request.system.slice(0, 200)}`);
        return script(request, context);
      },
    });
    // Which language servers there are depends on the machine.
    const entry = [PLUGIN, { languageServers: false, ...plugin }] as const;
    const home = { model: { baseURL: model.baseURL }, plugin: [entry], config: { snapshot: false }, env };
    return new Stage(model, await OpenCodeHost.serve(home), scripts, compaction);
  }

  /** A project with its own play, or its own script. */
  async project(play: MissionPlay | Script, files?: Record<string, string>): Promise<Performance> {
    const project = await createProject(files ? { files } : {});
    const performance = new Performance(this, project, (script) =>
      this.#scripts.set(project.directory, script),
    );
    this.performances.push(performance);
    performance.play(play);
    await performance.open();
    return performance;
  }

  /** SIGKILL, then a new process on the same home. */
  async crash(): Promise<void> {
    await this.host.kill();
    this.host = await OpenCodeHost.serve({ home: this.host.home });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.host[Symbol.asyncDispose]();
    await this.host.home[Symbol.asyncDispose]();
    await this.model.close();
    for (const { project } of this.performances) await project[Symbol.asyncDispose]();
  }
}

/** One test's project and root session. */
export class Performance {
  readonly #stage: Stage;
  readonly project: Project;
  readonly #setScript: (script: Script) => void;
  root = "";

  constructor(stage: Stage, project: Project, setScript: (script: Script) => void) {
    this.#stage = stage;
    this.project = project;
    this.#setScript = setScript;
  }

  /** What the model plays in this project from now on. */
  play(play: MissionPlay | Script): void {
    this.#setScript(typeof play === "function" ? play : missionCast(play));
  }

  get directory(): string {
    return this.project.directory;
  }

  get client() {
    return this.#stage.host.client(this.directory);
  }

  async open(): Promise<void> {
    const { data } = await this.client.session.create({ body: { title: "root" }, throwOnError: true });
    this.root = data.id;
  }

  /** Runs one of our commands to the end of its turn; answers the Commander's last text. */
  async command(command: string, text = ""): Promise<string> {
    const { data } = await this.client.session.command({
      path: { id: this.root },
      body: { command, arguments: text },
      throwOnError: true,
    });
    return data.parts.flatMap((part) => (part.type === "text" ? [part.text] : [])).join("\n");
  }

  /** Requests to the model from this project. */
  get requests() {
    return this.#stage.model.requests.filter(
      (request) => request.purpose !== "compaction" && workingDirectory(request) === this.directory,
    );
  }

  /** Sessions below the root session. */
  async children(): Promise<string[]> {
    const { data } = await this.client.session.children({ path: { id: this.root }, throwOnError: true });
    return data.map((session) => session.id);
  }

  /** Sessions that are not idle. */
  async busy(): Promise<string[]> {
    const { data } = await this.client.session.status({ throwOnError: true });
    return Object.entries(data).flatMap(([id, status]) => (status.type === "idle" ? [] : [id]));
  }

  async todo(): Promise<string> {
    return readFile(todoFile(this.directory), "utf8");
  }

  /** Looks into the project's store from this process, as the command line does. */
  async look<T>(read: (store: NativeStore) => T | Promise<T>): Promise<T> {
    const store = await openStore(stateFile(this.directory));
    try {
      return await read(store);
    } finally {
      await store.close();
    }
  }

  missions(): Promise<Mission[]> {
    return this.look((store) => store.list(key.missions).map((entry) => missionSchema.parse(entry.value)));
  }

  view(mission = "M1"): Promise<MissionView> {
    return this.look((store) => readMission(store, mission));
  }

  /** Waits until the mission is as wanted. */
  async until(what: string, holds: (view: MissionView) => boolean, mission = "M1"): Promise<MissionView> {
    return waitUntil(
      async () => {
        const view = await this.view(mission).catch(() => undefined);
        return view && holds(view) ? view : undefined;
      },
      { what, timeoutMs: 40_000 },
    );
  }

  commits(): Promise<AuditEntry[]> {
    return this.look((store) => store.commitsSince(0, 10_000));
  }

  /** Every state that a task had, in order. */
  async taskStates(id: string, mission = "M1"): Promise<string[]> {
    const states = (await this.commits()).flatMap((commit) =>
      commit.changes
        .filter((change) => change.key === key.task(mission, id))
        .map((change) => (change.value as { state: string }).state),
    );
    return states.filter((state, index) => state !== states[index - 1]);
  }
}

/** A Worker's call of the host's `write` tool. */
export function write(directory: string, file: string, content: string): ToolCall {
  return { name: "write", args: { filePath: `${directory}/${file}`, content } };
}

/** A task that writes one file of its own name. */
export function fileTask(id: string, dependencies: string[] = []) {
  return {
    id,
    title: `Write ${id}`,
    instructions: `Write the file ${id}.ts`,
    dependencies,
    writes: [`${id}.ts`],
    checks: { commands: [`test -s ${id}.ts`], files: [`${id}.ts`], criteria: [`${id}.ts exports x`] },
  };
}

/** The Worker of such a task. */
export function fileWorker(id: string) {
  return { attempts: [(directory: string) => [write(directory, `${id}.ts`, `export const x = "${id}";\n`)]] };
}

/** A mission of independent tasks that write one file each, and one that needs them all. */
export function filesPlay(ids: readonly string[], extra: Partial<MissionPlay> = {}): MissionPlay {
  return {
    plans: [
      {
        summary: `write ${ids.length} files`,
        tasks: [...ids.map((id) => fileTask(id)), fileTask("last", [...ids])],
        finalCommands: ["test -s last.ts"],
      },
    ],
    workers: Object.fromEntries([...ids, "last"].map((id) => [id, fileWorker(id)])),
    ...extra,
  };
}
