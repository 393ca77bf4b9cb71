import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { Affinity } from "../../src/isolation/affinity.js";
import { createSearch } from "../../src/isolation/create.js";
import { RESTARTS } from "../../src/isolation/search.js";
import { NativeError } from "../../src/native/index.js";
import { Failures } from "../../src/processes/index.js";
import { failureOf, temporaryFolder } from "../native/temporary.js";

describe("failures of helpers", () => {
  const crash = new NativeError("ERR_HELPER_CRASHED", "signal SIGKILL");

  it("double the delay until the next start, up to a limit", () => {
    let now = 0;
    const failures = new Failures(RESTARTS, () => now);
    expect(failures.delay()).toBe(0);
    const delays = Array.from({ length: 8 }, () => {
      failures.record(crash);
      return failures.delay();
    });
    expect(delays).toEqual([100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000]);
    now = 4_000;
    expect(failures.delay()).toBe(1_000);
  });

  it("end the starts at five in a minute, until the oldest is older than that", () => {
    let now = 0;
    const failures = new Failures(RESTARTS, () => now);
    for (let count = 0; count < 4; count++, now += 1_000) failures.record(crash);
    expect(failures.givenUp()).toBeUndefined();
    failures.record(crash);
    expect(failures.givenUp()).toEqual({ failures: 5, retryInMs: 56_000, last: crash });
    now = 60_000;
    expect(failures.givenUp()).toBeUndefined();
  });
});

describe("affinity", () => {
  const root = resolve("/project");

  it("is that of the nearest folder above", () => {
    const affinity = new Affinity<string>();
    affinity.remember(root, "first");
    affinity.remember(join(root, "src"), "second");
    expect(affinity.of(join(root, "src", "a.ts"))).toBe("first");
    expect(affinity.of(`${root}-other`)).toBeUndefined();
    affinity.forget("first");
    expect(affinity.of(root)).toBeUndefined();
  });

  it("remembers a bounded number of folders", () => {
    const affinity = new Affinity<number>();
    for (let index = 0; index < 300; index++) affinity.remember(join(root, `${index}`), index);
    expect(affinity.of(join(root, "0"))).toBeUndefined();
    expect(affinity.of(join(root, "299"))).toBe(299);
  });
});

describe("createSearch", () => {
  it("closes without ever having loaded or started anything", async () => {
    let loaded = 0;
    const search = createSearch({ isolation: "none", load: () => loaded++ });
    await search.close();
    expect(await failureOf(search.grep({ path: "/", pattern: "x" }))).toMatchObject({ code: "ERR_CLOSED" });
    expect(loaded).toBe(0);
  });

  it("does not hide what is not the addon's failure", async () => {
    const broken = new TypeError("a mistake of ours");
    const load = () => {
      throw broken;
    };
    const search = createSearch({ isolation: "none", load });
    expect(await failureOf(search.grep({ path: temporaryFolder(), pattern: "x" }))).toBe(broken);
  });
});
