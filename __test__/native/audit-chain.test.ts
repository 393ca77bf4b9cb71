import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { AuditEntry } from "../../src/native/index.js";
import { collect, put, temporaryStore } from "./temporary.js";

/** RFC 8785. JavaScript's own number and string texts are what it prescribes; only members must be sorted. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  // By UTF-16 code units, which is how JavaScript compares.
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`).join(",")}}`;
}

const sha256 = (text: string) => createHash("sha256").update(text, "utf8").digest("hex");

/** The chain as crates/store/src/chain.rs describes it, computed from the outside. */
function hashes(commits: readonly AuditEntry[]): string[] {
  let previous = Buffer.alloc(32);
  return commits.map(({ revision, timeMs, actor, mission, changes }) => {
    const hashed = changes.map(({ key, value, compacted }) => ({
      key,
      ...(value !== undefined && { sha256: sha256(canonical(value)) }),
      ...(compacted !== undefined && { sha256: compacted }),
    }));
    const body = canonical({ actor, changes: hashed, mission: mission ?? null, revision, time: timeMs });
    previous = createHash("sha256").update(previous).update(body, "utf8").digest();
    return previous.toString("hex");
  });
}

describe("the audit chain", () => {
  it("can be recomputed by anybody from the log", async () => {
    const store = await temporaryStore();
    const write = (actor: string, mission: string | undefined, values: Record<string, unknown>) =>
      store.commit({
        actor,
        mission,
        snapshot: store.snapshot(),
        readKeys: [],
        readPrefixes: [],
        writes: Object.entries(values).map(([key, value]) => ({ key, value })),
      });
    await write("user", undefined, { "b/2": 1, "a/1": { z: 1, a: [null, true, "x"] } });
    await write('worker "1"', "M1", { "a/1": null });
    await write("Größe \u{1F600}", "M1", {
      "\u{1F600}": '\u2028\u0007\\"/é',
      "\uFFFD": { "\u{1F600}": 1, "\uFFFD": 2, "": 3 },
    });
    await write("n", "M2", {
      numbers: [0, -1, 1e21, 1e-7, 0.1, 123456789012345680000, 5e-324, 1.7976931348623157e308],
    });
    const commits = await store.commitsSince(0);
    expect(commits.map((one) => one.hash)).toEqual(hashes(commits));
    const { head } = await store.verify();
    expect(head).toEqual({ revision: 4, hash: commits.at(-1)?.hash });
  });

  it("holds for any JSON value", async () => {
    const store = await temporaryStore();
    await fc.assert(
      fc.asyncProperty(
        fc.dictionary(
          fc.string({ minLength: 1, maxLength: 8 }).filter((key) => !/^\$|\p{Cc}/u.test(key)),
          fc.jsonValue(),
          { minKeys: 1, maxKeys: 4 },
        ),
        async (values) => {
          const after = store.snapshot();
          await store.commit({
            actor: "p",
            snapshot: after,
            readKeys: [],
            readPrefixes: [],
            writes: Object.entries(values).map(([key, value]) => ({ key, value })),
          });
        },
      ),
      { numRuns: 100 },
    );
    const commits = await store.commitsSince(0);
    expect(commits.length).toBeGreaterThan(90);
    expect(commits.map((one) => one.hash)).toEqual(hashes(commits));
  });

  it("holds after values were compacted away, from the lines of an export too", async () => {
    const store = await temporaryStore();
    for (let n = 0; n < 20; n++) await put(store, { [`k${n % 3}`]: n === 7 ? null : { n, text: "größe" } });
    const before = await store.commitsSince(0);
    expect((await store.compact(15, "test")).dropped).toBeGreaterThan(8);
    const commits = await store.commitsSince(0);
    expect(commits.flatMap(({ changes }) => changes).some(({ compacted }) => compacted)).toBe(true);
    expect(commits.map((one) => one.hash)).toEqual(hashes(commits));
    expect(hashes(commits).slice(0, 20)).toEqual(hashes(before));
    const [header, ...lines] = (await collect(store.exportLines())).map((line) => JSON.parse(line));
    const exported = lines.map(({ time, mission, changes, ...line }) => ({
      ...line,
      timeMs: time,
      ...(mission !== null && { mission }),
      changes: changes.map(({ sha256, ...change }: { sha256?: string }) =>
        sha256 === undefined ? change : { ...change, compacted: sha256 },
      ),
    }));
    expect(hashes(exported).at(-1)).toBe(header.hash);
    expect(exported).toEqual(commits);
  });

  it("changes from the first altered entry on", async () => {
    const store = await temporaryStore();
    for (const n of [1, 2, 3])
      await store.commit({
        actor: "a",
        snapshot: n - 1,
        readKeys: [],
        readPrefixes: [],
        writes: [{ key: "k", value: n }],
      });
    const commits = await store.commitsSince(0);
    const forged = commits.map((one) => (one.revision === 2 ? { ...one, actor: "b" } : one));
    const [first, second, third] = hashes(forged);
    expect(first).toBe(commits[0]?.hash);
    expect(second).not.toBe(commits[1]?.hash);
    expect(third).not.toBe(commits[2]?.hash);
  });
});
