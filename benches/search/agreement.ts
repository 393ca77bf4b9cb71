import type { Query } from "./engines/engine.js";
import type { EngineName } from "./engines/names.js";
import type { HostPool } from "./hosts/host-pool.js";

/** How an engine's answer differs from the baseline's. */
export interface Difference {
  readonly engine: EngineName;
  readonly query: string;
  readonly missing: number;
  readonly extra: number;
  /** The first few of them. */
  readonly examples: readonly string[];
}

export interface Agreement {
  /** The baseline's findings. */
  readonly total: number;
  readonly differences: readonly Difference[];
}

const EXAMPLES = 3;
/** It hands nothing over. */
const SILENT: EngineName = "rg-count";

/** Asks all for everything that they find, without a limit. */
export async function checkAgreement(
  query: Query,
  engines: readonly EngineName[],
  baseline: EngineName,
  hosts: HostPool,
): Promise<Agreement> {
  const ask = async (engine: EngineName) => {
    const host = await hosts.get(engine);
    return new Set(await host.ask({ kind: "findings", query: withoutLimit(query) }));
  };
  const reference = await ask(baseline);
  const differences: Difference[] = [];
  for (const engine of engines) {
    if (engine === baseline || engine === SILENT) continue;
    const found = await ask(engine);
    const missing = [...reference].filter((key) => !found.has(key));
    const extra = [...found].filter((key) => !reference.has(key));
    if (missing.length === 0 && extra.length === 0) continue;
    const examples = [...sample("-", missing), ...sample("+", extra)];
    differences.push({ engine, query: query.name, missing: missing.length, extra: extra.length, examples });
  }
  return { total: reference.size, differences };
}

function withoutLimit(query: Query): Query {
  if (query.kind !== "text") return query;
  const { first: _, ...unlimited } = query;
  return unlimited;
}

function sample(sign: string, keys: readonly string[]): string[] {
  return keys.slice(0, EXAMPLES).map((key) => sign + key);
}
