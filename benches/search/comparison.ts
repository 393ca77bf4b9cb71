import type { Query } from "./engines/engine.js";
import type { EngineName } from "./engines/names.js";
import type { HostPool } from "./hosts/host-pool.js";
import { interleave, type Schedule, type Task } from "./rounds.js";

/** The times of one engine for one query in one tree. */
export interface Cell {
  readonly section: string;
  readonly tree: string;
  readonly query: string;
  readonly engine: EngineName;
  /** What it handed over; nothing where it only prints. */
  readonly count?: number;
  readonly milliseconds: readonly number[];
}

/** Work around each timed search of an engine. */
export interface Around {
  before(): Promise<void>;
  after(engine: EngineName): Promise<void>;
}

/** Times the engines with one query, one after the other in each round. */
export async function timeQuery(
  place: { readonly section: string; readonly tree: string },
  query: Query,
  engines: readonly EngineName[],
  hosts: HostPool,
  schedule: Schedule,
  around?: Around,
): Promise<Cell[]> {
  const counts = new Map<EngineName, number>();
  const tasks: (Task & { name: EngineName })[] = [];
  for (const engine of engines) {
    const host = await hosts.get(engine);
    if (!host.searched) await host.ask({ kind: "time", query });
    const run = async () => {
      const { milliseconds, count } = await host.ask({ kind: "time", query });
      if (count !== undefined) counts.set(engine, count);
      return milliseconds;
    };
    tasks.push({
      name: engine,
      run,
      ...(around && { before: around.before, after: () => around.after(engine) }),
    });
  }
  const samples = await interleave(tasks, schedule);
  return tasks.map(({ name }) => {
    const count = counts.get(name);
    return {
      ...place,
      query: query.name,
      engine: name,
      ...(count !== undefined && { count }),
      milliseconds: samples.get(name) ?? [],
    };
  });
}
