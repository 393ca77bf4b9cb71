import { type Cell, timeQuery } from "./comparison.js";
import { EDIT_MARK, Edits } from "./edits.js";
import type { Query } from "./engines/engine.js";
import type { EngineName } from "./engines/names.js";
import { EngineHost } from "./hosts/engine-host.js";
import { HostPool } from "./hosts/host-pool.js";
import type { Schedule } from "./rounds.js";
import type { Section } from "./sections.js";

/** Times the first search after 1% of the files have changed. The change is taken back after each. */
export async function timeAfterChange(
  tree: string,
  root: string,
  { name, queries, engines }: Section,
  schedule: Schedule,
): Promise<Cell[]> {
  await using edits = await Edits.plan(root);
  await using hosts = new HostPool(root);
  const cells: Cell[] = [];
  for (const query of queries) {
    const around = {
      before: () => edits.make(),
      async after(engine: EngineName) {
        await edits.takeBack();
        // The next search shall find this engine at rest.
        await (await hosts.get(engine)).ask({ kind: "time", query });
      },
    };
    cells.push(...(await timeQuery({ section: name, tree }, query, engines, hosts, schedule, around)));
  }
  return cells;
}

const FRESHNESS_ROUNDS = 10;

/** What an engine answers right after a change. */
export interface Freshness {
  /** Most files answered from before an edit, or from before its reversal. */
  readonly staleFiles?: number;
  /** How it broke down instead. */
  readonly failure?: string;
}

export async function checkFreshness(root: string, engine: EngineName): Promise<Freshness> {
  await using edits = await Edits.plan(root);
  await using host = await EngineHost.start(engine, root);
  const query: Query = { kind: "text", name: "mark", pattern: EDIT_MARK, literal: true };
  const marked = async () => (await host.ask({ kind: "findings", query })).length;
  let staleFiles = 0;
  try {
    for (let round = 0; round < FRESHNESS_ROUNDS; round++) {
      await edits.make();
      const missed = edits.files - (await marked());
      await edits.takeBack();
      staleFiles = Math.max(staleFiles, missed, await marked());
    }
    return { staleFiles };
  } catch (error) {
    return { failure: error instanceof Error ? error.message : String(error) };
  }
}
