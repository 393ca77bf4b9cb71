import { retry } from "../src/engine/index.js";
import { Invariants } from "./invariants.js";
import { MemoryStore } from "./memory-store.js";
import { SimulatedOpenCode } from "./opencode.js";
import { Process, type Stage } from "./process.js";
import { CALM, type Weather, weatherOf } from "./weather.js";
import { World } from "./world.js";

const MINUTE = 60_000;
/** For so long the weather is what it is; then it gets calm, and everything must come to an end. */
const STORM_MS = 120 * MINUTE;
const LIMIT_MS = 7 * 24 * 60 * MINUTE;
const MODEL = { providerID: "simulated", modelID: "one" };

export interface Result {
  readonly seed: number;
  /** What must not have happened. */
  readonly failures: readonly string[];
  readonly states: Readonly<Record<string, string>>;
  readonly commits: number;
  readonly lives: number;
  readonly virtualMs: number;
  readonly log: readonly string[];
}

/** Runs one seed: one to three missions of up to so many tasks, to their end. */
export async function simulate(seed: number, tasks: number, weather?: Weather): Promise<Result> {
  const world = new World(seed);
  const { random } = world;
  const stage: Stage = {
    world,
    weather: weather ?? weatherOf(random),
    store: new MemoryStore(world),
    host: undefined as never,
    dead: new Set(),
    tasks,
    fail: (what) => failures.push(what),
  };
  const failures: string[] = [];
  const host = new SimulatedOpenCode(world, stage.weather);
  Object.assign(stage, { host });
  const invariants = new Invariants(stage.fail);
  stage.store.onCommit = (revision, transaction) => invariants.committed(revision, transaction);
  const roots = Array.from({ length: 1 + random.below(3) }, (_, at) => `ses_root${at + 1}`);
  for (const root of roots) host.addRoot(root);
  const beginMs = world.now();
  let lives = 1;
  let process = new Process(stage, lives);
  const log: string[] = [];

  const live = () => {
    if (process.isDead) {
      process = new Process(stage, ++lives);
      void process.engine.recover().catch((error: unknown) => stage.fail(`recovery failed: ${error}`));
    }
  };
  const isOver = (state: string) => ["sealed", "failed", "cancelled"].includes(state);
  const missions = () => process.engine.missions();

  /** What users do, now and then. Everything may be refused. */
  const act = async () => {
    const { engine } = process;
    const mission = random.pick(missions());
    if (!mission) return;
    const choice = random.below(6);
    if (choice === 0) await engine.pause(mission.id, "the user wants a pause");
    else if (choice === 1 && random.chance(0.2)) await engine.cancel(mission.id, "enough");
    else if (choice === 2) host.interrupt(random.pick(host.busy) ?? "");
    else if (choice === 3)
      await engine.rootMessage(mission.rootSession, { ...MODEL, modelID: random.pick(["one", "two"]) });
    else if (choice === 4)
      host.remove(random.pick([...host.sessions.keys()].filter((id) => !roots.includes(id))) ?? "");
    else await engine.resume(mission.id);
  };
  const help = async () => {
    for (const { id, state, rootSession } of missions()) {
      if (state === "paused") await process.engine.resume(id);
      if (state !== "blocked") continue;
      const stuck = process.engine
        .view(id)
        .tasks.find((task) => task.state === "failed" || task.state === "blocked");
      if (stuck) await retry(process.engine, rootSession, stuck.id, "try again");
      else await process.engine.resume(id);
    }
  };
  const quietly = (work: () => Promise<unknown>) =>
    void work().catch((error: { code?: unknown }) => {
      if (typeof error.code !== "string" && !String(error).includes("the host"))
        stage.fail(`a command met: ${error}`);
    });

  for (const [at, session] of roots.entries())
    world.schedule(at * random.below(10) * MINUTE, () => {
      live();
      quietly(async () => {
        await process.engine.open({ goal: "the goal", session });
        await process.engine.rootMessage(session, MODEL);
      });
    });
  const isStorm = () => world.now() - beginMs < STORM_MS;
  const minute = () => {
    live();
    if (isStorm()) {
      if (random.chance(stage.weather.userAct)) quietly(act);
      if (random.chance(stage.weather.death)) {
        log.push(...process.log, `${world.now()} the process ${process.number} died`);
        process.kill();
      }
    } else {
      Object.assign(stage.weather, CALM);
      if (random.chance(0.2)) quietly(help);
    }
    world.schedule(MINUTE, minute);
  };
  world.schedule(MINUTE, minute);

  const done = () =>
    failures.length > 0 ||
    (!isStorm() &&
      !process.isDead &&
      missions().every(({ state, notice }) => isOver(state) && notice?.delivered !== false));
  try {
    await world.run(done, LIMIT_MS, () => undefined);
    invariants.delivered(host);
    if (failures.length === 0) invariants.ended();
    let isClosed = false;
    void process.engine.close().then(() => {
      isClosed = true;
    });
    await world.run(
      () => isClosed,
      10 * MINUTE,
      () => undefined,
    );
    // What a process had that died just before runs out by itself.
    const restMs = world.now() + MINUTE;
    await world.run(
      () => world.now() > restMs,
      10 * MINUTE,
      () => undefined,
    );
    if (failures.length === 0 && stage.store.heldLeases > 0) stage.fail("a lease was left held");
    if (failures.length === 0 && host.busy.length > 0) stage.fail(`${host.busy} go on without an engine`);
  } catch (error) {
    stage.fail(String(error));
  }
  log.push(...process.log);
  for (const { id } of missions())
    for (const task of process.engine.view(id).tasks)
      log.push(`${id}/${task.id} ${task.state} ${task.attempt}/${task.attemptLimit} ${task.reason ?? ""}`);
  return {
    seed,
    failures,
    states: Object.fromEntries(missions().map(({ id, state }) => [id, state])),
    commits: stage.store.snapshot(),
    lives,
    virtualMs: world.now() - beginMs,
    log,
  };
}
