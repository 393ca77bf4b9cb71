import { cpus, release, totalmem } from "node:os";
import type { Freshness } from "./after-change.js";
import type { Difference } from "./agreement.js";
import type { Cell } from "./comparison.js";
import type { Preparation } from "./engines/engine.js";
import type { EngineName } from "./engines/names.js";
import type { LoopDelay, PeakMemory } from "./hosts/protocol.js";
import type { ReadingLimit } from "./reading-limit.js";

interface InTree {
  readonly tree: string;
}

interface OfEngine extends InTree {
  readonly engine: EngineName;
}

/** Everything that a run measured; what was left out is empty. */
export interface Results {
  readonly machine: string;
  readonly trees: { name: string; files: number; bytes: number; cache: string }[];
  readonly reading: ReadingLimit[];
  readonly preparations: (OfEngine & Preparation)[];
  /** Findings of each query without a limit. */
  readonly totals: (InTree & { query: string; total: number })[];
  readonly differences: (InTree & Difference)[];
  readonly cells: Cell[];
  readonly freshness: (OfEngine & Freshness)[];
  readonly memory: (OfEngine & PeakMemory)[];
  readonly loopDelays: (OfEngine & LoopDelay & { query: string })[];
}

export function emptyResults(): Results {
  const processor = cpus()[0]?.model ?? "unknown processor";
  const memory = Math.round(totalmem() / 2 ** 30);
  return {
    machine: `${cpus().length} × ${processor}, ${memory} GiB, ${process.platform} ${release()}, Node ${process.versions.node}`,
    trees: [],
    reading: [],
    preparations: [],
    totals: [],
    differences: [],
    cells: [],
    freshness: [],
    memory: [],
    loopDelays: [],
  };
}
