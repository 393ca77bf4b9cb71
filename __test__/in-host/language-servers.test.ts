import { readdirSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { waitUntil } from "../../harness/index.js";
import { PATH } from "../lsp/fleets.js";
import { type Performance, Stage, write } from "./stage.js";

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.open({ plugin: { languageServers: {} }, env: { PATH } });
});
afterAll(async () => {
  await stage?.[Symbol.asyncDispose]();
});

/** Processes of this host's user that are not the host itself. */
function others(): number[] {
  const home = `HOME=${stage.host.home.directory}`;
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const isOurs = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0").includes(home);
        return (
          isOurs &&
          pid !== stage.host.pid &&
          !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"))
        );
      } catch {
        return false;
      }
    });
}

const FILES = {
  "tsconfig.json": JSON.stringify({
    compilerOptions: { strict: true, module: "nodenext", target: "es2022", types: [], noEmit: true },
  }),
  "package.json": '{"type": "module"}',
  "src/price.ts": "export function total(prices: number[]): number {\n  return prices.length;\n}\n",
  // Wrong since long ago: nobody's fault now.
  "src/old.ts": 'export const old: number = "old";\n',
  "src/shop.ts": 'import { total } from "./price.js";\nexport const sum: string = total([1]).toFixed();\n',
};
const RIGHT = `export function total(prices: number[]): number {
  return prices.reduce((sum, price) => sum + price, 0);
}
`;
const WRONG = RIGHT.replace(", 0);", ', "");');

function play(...attempts: string[]) {
  return {
    plans: [
      {
        summary: "one task",
        tasks: [
          { id: "T1", title: "Sum up", instructions: "Make total add up", writes: ["src/{price,old}.ts"] },
        ],
      },
    ],
    workers: {
      T1: {
        attempts: attempts.map((text) => (directory: string) => [write(directory, "src/price.ts", text)]),
      },
    },
  };
}

describe.skipIf(process.platform !== "linux")("a mission with language servers", () => {
  let show: Performance;
  beforeAll(async () => {
    show = await stage.project(play(WRONG, RIGHT), FILES);
    await show.command("task", "make total add up");
  });

  it("sends a type error back to its Worker as it is, and accepts the mended work", async () => {
    const { mission, tasks } = await show.view();
    expect(mission.state).toBe("sealed");
    expect(tasks[0]?.attempt).toBe(2);
    const rework = show.requests.find(({ lastUserText }) => lastUserText.includes("was not accepted"));
    expect(rework?.lastUserText).toMatch(/- src\/price\.ts:2:\d+: .* \(ts 2\d+\)/);
    expect(rework?.lastUserText).not.toContain("old.ts");
  });

  it("tells the Reviewer which server has looked", async () => {
    const review = show.requests.find(({ lastUserText }) => lastUserText.startsWith("Review task"));
    expect(review?.lastUserText).toContain("no new errors by typescript-language-server");
    expect((await show.view()).tasks[0]?.evidence.at(-1)?.diagnostics).toEqual({
      servers: ["typescript-language-server"],
      unchecked: [],
    });
  });

  it("is not sealed while a file outside of all write sets is broken by it", async () => {
    const renamed = RIGHT.replace("total", "sumUp");
    const other = await stage.project(play(renamed), FILES);
    const told = await other.command("task", "rename total");
    expect(told).toContain(
      "src/shop.ts:1:10: Module '\"./price.js\"' has no exported member 'total'. (ts 2305)",
    );
    expect((await other.view()).mission.state).toBe("blocked");
  });

  it("leaves no process behind when the host is stopped, or killed", async () => {
    expect(others().length).toBeGreaterThan(0);
    await stage.crash();
    await waitUntil(() => others().length === 0, { what: "the servers of a killed host to be gone" });
    const again = await stage.project(play(RIGHT), FILES);
    await again.command("task", "make total add up");
    expect(others().length).toBeGreaterThan(0);
    await stage.host.stop();
    await waitUntil(() => others().length === 0, { what: "the servers of a stopped host to be gone" });
  });
});
