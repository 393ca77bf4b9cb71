import { getEventListeners } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Searcher } from "../../src/native/index.js";
import { failureOf } from "./temporary.js";

const searcher = new Searcher();

let tree: string;

beforeAll(() => {
  tree = mkdtempSync(join(tmpdir(), "orchestrator-tree-"));
  const text = "lorem ipsum dolor sit amet, consectetur adipiscing elit\n".repeat(40_000);
  for (let file = 0; file < 60; file++) writeFileSync(join(tree, `f${file}.txt`), text);
  writeFileSync(join(tree, "a.ts"), "foo(1);\n");
});

afterAll(() => rmSync(tree, { recursive: true, force: true }));

/** Every letter is a match: seconds of work. */
const long = (signal?: AbortSignal) => searcher.grep({ path: tree, pattern: "\\w", maxMatches: 1 }, signal);

describe("an aborted call", () => {
  it("ends long before its work is done, with the signal's reason", async () => {
    const begun = performance.now();
    await long();
    const whole = performance.now() - begun;
    const abort = new AbortController();
    const reason = new Error("the user pressed Esc");
    let abortedAt = 0;
    setTimeout(() => {
      abortedAt = performance.now();
      abort.abort(reason);
    }, 40);
    expect(await failureOf(long(abort.signal))).toBe(reason);
    // A ratio: how long a moment is depends on what else the machine does.
    expect(performance.now() - abortedAt).toBeLessThan(whole / 2);
  });

  it("does no work when the signal was aborted before", async () => {
    const reason = new Error("too late");
    const signal = AbortSignal.abort(reason);
    const nowhere = join(tree, "none");
    // Any work at all would find that there is no such path.
    expect(await failureOf(searcher.grep({ path: nowhere, pattern: "(" }, signal))).toBe(reason);
    expect(await failureOf(searcher.glob({ path: nowhere, patterns: ["["] }, signal))).toBe(reason);
    expect(await failureOf(searcher.astSearch({ path: nowhere }, signal))).toBe(reason);
    expect(await failureOf(searcher.outline(nowhere, signal))).toBe(reason);
    expect(await failureOf(searcher.syntaxErrors({ root: nowhere, paths: ["x.ts"] }, signal))).toBe(reason);
  });

  it("leaves other calls alone", async () => {
    const abort = new AbortController();
    const cancelled = failureOf(long(abort.signal));
    const other = searcher.grep({ path: tree, pattern: "foo", include: ["*.ts"] });
    abort.abort(new Error("only one"));
    expect(await cancelled).toEqual(new Error("only one"));
    expect((await other).total).toBe(1);
  });

  it("takes its listener off the signal when the call is over", async () => {
    const { signal } = new AbortController();
    await searcher.grep({ path: tree, pattern: "foo", include: ["*.ts"] }, signal);
    await failureOf(searcher.grep({ path: tree, pattern: "(" }, signal));
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });
});

it("a long call leaves the event loop free", async () => {
  let running = true;
  let turns = 0;
  let longestMs = 0;
  let last = performance.now();
  const turn = () => {
    const now = performance.now();
    longestMs = Math.max(longestMs, now - last);
    last = now;
    turns++;
    if (running) setTimeout(turn, 1);
  };
  turn();
  const started = performance.now();
  await searcher.grep({ path: tree, pattern: "\\w", maxMatches: 1, include: ["f?.txt"] });
  running = false;
  const tookMs = performance.now() - started;
  expect(tookMs).toBeGreaterThan(100);
  // Blocked, the loop would have turned once. Native threads may hold both cores, so the bound is generous.
  expect(turns).toBeGreaterThan(tookMs / 40);
  expect(longestMs).toBeLessThan(tookMs / 2);
});
