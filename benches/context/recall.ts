import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { maskSecrets } from "../../src/log/index.js";
import { Memory } from "../../src/memory/index.js";
import { openStore } from "../../src/native/index.js";

/** Notes of one project: what a busy year could leave, and ten times that. */
const SIZES = [100, 1_000, 10_000];
const WORDS = 4_000;
const LOOKS = 15;

/** A note of some 40 words, the commoner ones more often, as in language. */
function note(index: number): string {
  const word = (at: number) => {
    const uniform = ((index * 7_919 + at * 104_729) % 99_991) / 99_991;
    return `word${Math.floor(WORDS ** uniform)}`;
  };
  return Array.from({ length: 40 }, (_, at) => word(at)).join(" ");
}

/** How long a recall takes: reading all notes from the store, and the search in them. */
export async function recallTimes(): Promise<string[]> {
  const lines = ["| notes | recall, median ms | maximum ms |", "|---|---|---|"];
  for (const size of SIZES) {
    const folder = await mkdtemp(join(tmpdir(), "orchestrator-recall-"));
    const store = await openStore(join(folder, "state.db"));
    const writes = Array.from({ length: size }, (_, index) => {
      const item = {
        id: `N${index}`,
        tier: "project",
        scope: "",
        text: note(index),
        author: "bench",
        createdMs: index,
      };
      return { key: `memory/${item.id}`, value: item };
    });
    await store.commit({ actor: "bench", snapshot: 0, readKeys: [], readPrefixes: [], writes });
    const clock = { now: () => 0, sleep: async () => undefined };
    const memory = new Memory({ store, clock, random: { next: () => 0 }, mask: maskSecrets });
    const from = { author: "bench", mission: "M1" };
    const times = Array.from({ length: LOOKS }, (_, look) => {
      const begin = performance.now();
      memory.recall(from, `word${look * 37} word${look} word${look * 3}`);
      return performance.now() - begin;
    }).sort((a, b) => a - b);
    lines.push(`| ${size} | ${times[Math.floor(LOOKS / 2)]?.toFixed(1)} | ${times.at(-1)?.toFixed(1)} |`);
    await store.close();
    await rm(folder, { recursive: true });
  }
  return lines;
}
