import { Writable } from "node:stream";
import { describe, expect, it } from "vitest";
import type { GrepOptions, GrepResult } from "../../src/native/index.js";
import { FakeSearch, match, matches } from "./fake-search.js";
import { parsed, run } from "./run.js";

const grep = (search: FakeSearch, ...args: string[]) => run(["grep", "needle", ...args], { search });

describe("grep page by page", () => {
  it("prints every match of all pages once, and asks for no more than a page at a time", async () => {
    const search = new FakeSearch(matches("a.ts", 1_500), matches("b.ts", 2_000));
    const { code, out, err } = await grep(search);
    const expected = [...matches("a.ts", 1_500), ...matches("b.ts", 2_000)];
    expect(out).toBe(expected.map(({ path, line, text }) => `${path}:${line}:${text}\n`).join(""));
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(search.calls.map((call) => [call.maxMatches, call.countUpTo, call.cursor])).toEqual([
      [1_000, 1_000, undefined],
      [1_000, 1_000, "1000"],
      [1_000, 1_000, "2000"],
      [1_000, 1_000, "3000"],
    ]);
    expect(search.closed).toBe(true);
  });

  it("sums the pages up", async () => {
    const search = new FakeSearch(matches("a.ts", 1_500), matches("b.ts", 2_000), matches("c.ts", 1));
    const { objects, summary } = parsed((await grep(search, "--json")).out);
    expect(objects).toHaveLength(3_501);
    expect(summary).toMatchObject({ total: 3_501, totalExact: true, filesMatched: 3, leftOut: 0 });
  });

  it("--limit ends it, and says how much is left out, also when that is not known exactly", async () => {
    const search = new FakeSearch(matches("a.ts", 5_000), matches("b.ts", 5_000));
    const some = await grep(search, "--limit", "1200");
    expect(some.out.split("\n")).toHaveLength(1_201);
    expect(some.err).toBe("8800 more matches left out (--limit).");
    expect(search.calls.map((call) => call.maxMatches)).toEqual([1_000, 200]);
    const many = new FakeSearch(matches("a.ts", 50_000));
    expect((await grep(many, "--limit", "10")).err).toBe("at least 10000 more matches left out (--limit).");
    expect(parsed((await grep(many, "--limit", "10", "--json")).out).summary).toMatchObject({
      total: 10_010,
      totalExact: false,
      leftOut: 10_000,
    });
  });

  it("counts what --max-count leaves out", async () => {
    const search = new FakeSearch(matches("a.ts", 10), matches("b.ts", 1));
    const { out, err } = await grep(search, "-m", "2");
    expect(out).toBe("a.ts:1:needle 1\na.ts:2:needle 2\nb.ts:1:needle 1\n");
    expect(err).toBe("8 more matches left out (--max-count).");
  });

  it("-c and -l go through their pages, too", async () => {
    const files = Array.from({ length: 1_200 }, (_, i) => matches(`f${i}.ts`, 2));
    const search = new FakeSearch(...files);
    const counts = (await grep(search, "-c")).out;
    expect(counts).toBe(files.map(([first]) => `${first?.path}:2\n`).join(""));
    expect((await grep(search, "-l")).out).toBe(counts.replaceAll(":2\n", "\n"));
    expect((await grep(search, "-l", "--limit", "7")).err).toBe("1193 more files left out (--limit).");
    const json = parsed((await grep(search, "-c", "--json", "--limit", "2")).out);
    expect(json.objects).toEqual([
      { path: "f0.ts", count: 2 },
      { path: "f1.ts", count: 2 },
    ]);
    expect(json.summary).toMatchObject({ filesMatched: 1_200, leftOut: 1_198 });
    expect(search.calls.map((call) => call.mode)).toEqual([
      ...["counts", "counts", "files", "files", "files", "counts"],
    ]);
  });

  it("merges the lines around matches across the border of two pages", async () => {
    const line = (number: number) => ({ line: number, text: `line ${number}`, clipped: false });
    const around = (number: number) =>
      match("a.ts", number, { before: [line(number - 1)], after: [line(number + 1)] });
    const border = [around(10), around(11), around(13), around(20)];
    const search = new FakeSearch([...matches("0.ts", 998), ...border]);
    const { out } = await grep(search, "-C1");
    expect(out.slice(out.indexOf("--\n"))).toBe(
      "--\na.ts-9-line 9\na.ts:10:needle 10\na.ts:11:needle 11\na.ts-12-line 12\na.ts:13:needle 13\n" +
        "a.ts-14-line 14\n--\na.ts-19-line 19\na.ts:20:needle 20\na.ts-21-line 21\n",
    );
    expect(search.calls).toHaveLength(2);
  });

  it("two matches of one line at the border of two pages are one line", async () => {
    const twice = [match("a.ts", 7, { text: "needle" }), match("a.ts", 7, { text: "needle", column: 3 })];
    const { out } = await grep(new FakeSearch([...matches("0.ts", 999), ...twice]));
    expect(out.match(/^a\.ts/gm)).toHaveLength(1);
  });

  it("glob goes through its pages", async () => {
    const search = new FakeSearch(...Array.from({ length: 2_500 }, (_, i) => matches(`f${i}.ts`, 1)));
    const { out } = await run(["glob", "*.ts"], { search });
    expect(out.trimEnd().split("\n")).toEqual(Array.from({ length: 2_500 }, (_, i) => `f${i}.ts`));
    expect((await run(["glob", "*.ts", "--limit", "1100"], { search })).err).toBe(
      "1400 more files left out (--limit).",
    );
  });

  it("names what no page could read, once, and ends with 2", async () => {
    const search = new FakeSearch(matches("a.ts", 2_500));
    Object.assign(search.extra, { unreadable: [{ path: "secret", message: "Permission denied" }] });
    const { code, err, out } = await grep(search);
    expect({ code, err }).toEqual({ code: 2, err: "Could not be read: secret: Permission denied" });
    expect(out.split("\n")).toHaveLength(2_501);
  });
});

/** Takes a piece and does not ask for another before it is told to. */
class SlowReader extends Writable {
  readonly pieces: string[] = [];
  #done: (() => void) | undefined;

  constructor() {
    super({ highWaterMark: 1 });
  }

  override _write(chunk: Buffer, _: string, done: () => void): void {
    this.pieces.push(String(chunk));
    this.#done = done;
  }

  read(): void {
    this.#done?.();
  }
}

const settled = () => new Promise((resolve) => setTimeout(resolve, 20));

describe("the reader of the output", () => {
  it("sets the pace: the next page is searched when this one has been taken", async () => {
    const search = new FakeSearch(matches("a.ts", 2_500));
    const stream = new SlowReader();
    const running = run(["grep", "needle"], { search, stream });
    await settled();
    expect(search.calls).toHaveLength(1);
    while (search.calls.length < 2) {
      stream.read();
      await settled();
    }
    await settled();
    expect(search.calls).toHaveLength(2);
    const reading = setInterval(() => stream.read(), 1);
    expect((await running).code).toBe(0);
    clearInterval(reading);
    expect(stream.pieces.join("").split("\n")).toHaveLength(2_501);
  });

  it("ends it quietly by going away", async () => {
    const search = new FakeSearch(matches("a.ts", 100_000));
    const stream = new SlowReader();
    const running = run(["grep", "needle"], { search, stream });
    await settled();
    stream.destroy(Object.assign(new Error("write EPIPE"), { code: "EPIPE" }));
    expect(await running).toEqual({ code: 0, out: "", err: "" });
    expect(search.calls).toHaveLength(1);
    expect(search.closed).toBe(true);
  });

  it("is told of another error of its stream", async () => {
    const stream = new SlowReader();
    const running = run(["grep", "needle"], { search: new FakeSearch(matches("a.ts", 9)), stream });
    await settled();
    stream.destroy(Object.assign(new Error("no space left on device"), { code: "ENOSPC" }));
    expect(await running).toMatchObject({
      code: 2,
      err: "opencode-orchestrator grep: no space left on device",
    });
  });

  it("ends it with 130 by Ctrl-C while it waits for the reader, and while it searches", async () => {
    const waiting = new AbortController();
    const first = run(["grep", "needle"], {
      search: new FakeSearch(matches("a.ts", 9)),
      stream: new SlowReader(),
      signal: waiting.signal,
    });
    await settled();
    waiting.abort();
    expect(await first).toEqual({ code: 130, out: "", err: "" });

    const searching = new AbortController();
    const search = new (class extends FakeSearch {
      override grep(_: GrepOptions, signal?: AbortSignal): Promise<GrepResult> {
        return new Promise((_, reject) =>
          signal?.addEventListener("abort", () => reject(signal.reason as Error)),
        );
      }
    })();
    const second = run(["grep", "needle"], { search, signal: searching.signal });
    await settled();
    searching.abort();
    expect(await second).toEqual({ code: 130, out: "", err: "" });
    expect(search.closed).toBe(true);
  });
});
