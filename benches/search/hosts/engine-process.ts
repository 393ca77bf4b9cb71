import { ask, type Engine, type Query } from "../engines/engine.js";
import { openEngine } from "../engines/index.js";
import type { EngineName } from "../engines/names.js";
import { ChildrenWatch } from "./children-watch.js";
import { measureLoopDelay } from "./loop-delay.js";
import type { PeakMemory, Ready, Replies, Request, Timed } from "./protocol.js";

/** The process of one engine: opens it for one tree, then searches when told to. Arguments: engine, tree's folder. */
const [name, root] = process.argv.slice(2) as [EngineName, string];
const engine = await openEngine(name, root);
const children = new ChildrenWatch();

process.on("message", async (request: Request) => process.send?.(await reply(engine, request)));
process.on("disconnect", () => process.exit());
process.send?.({ preparation: engine.preparation } satisfies Ready);

async function reply(engine: Engine, request: Request): Promise<Replies[keyof Replies]> {
  switch (request.kind) {
    case "time":
      return time(engine, request.query);
    case "findings":
      return (await ask(engine, request.query)).keys();
    case "loop-delay":
      return measureLoopDelay(() => ask(engine, request.query));
    case "watch-children":
      children.start();
      return null;
    case "peak-memory":
      return peakMemory();
  }
}

async function time(engine: Engine, query: Query): Promise<Timed> {
  const start = performance.now();
  const { count } = await ask(engine, query);
  return { milliseconds: performance.now() - start, count };
}

function peakMemory(): PeakMemory {
  return { process: process.resourceUsage().maxRSS * 1024, child: children.peak };
}
