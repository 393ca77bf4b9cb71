import type { EngineName } from "./engines/names.js";
import { EngineHost } from "./hosts/engine-host.js";
import type { PeakMemory } from "./hosts/protocol.js";
import { type Section, takesPart } from "./sections.js";

/** Runs all queries once with one engine in a new process. */
export async function measurePeakMemory(
  engine: EngineName,
  root: string,
  sections: readonly Section[],
): Promise<PeakMemory> {
  await using host = await EngineHost.start(engine, root);
  await host.ask({ kind: "watch-children" });
  for (const { engines, queries } of sections)
    if (engines.includes(engine))
      for (const query of queries) if (takesPart(engine, query)) await host.ask({ kind: "time", query });
  return await host.ask({ kind: "peak-memory" });
}
