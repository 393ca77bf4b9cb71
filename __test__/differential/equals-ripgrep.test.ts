import { afterAll, describe, expect, it } from "vitest";
import { equality, QUERIES_OF_A_RUN } from "./equality.js";
import { check, DIFFERENTIAL_CASES } from "./size.js";
import { openSubject } from "./subject.js";

const subjects = [false, true].map((index) => openSubject({ index }));
afterAll(() => Promise.all(subjects.map((subject) => subject.close())));

const cases = DIFFERENTIAL_CASES ?? 400;

describe("search", () => {
  it(`answers ${cases} generated queries as ripgrep does, between changes of the tree`, async () => {
    let asked = 0;
    const property = equality(subjects, (queries) => {
      const tenth = Math.floor((10 * asked) / cases);
      asked += queries;
      const now = Math.floor((10 * asked) / cases);
      if (DIFFERENTIAL_CASES !== undefined && now > tenth) process.stderr.write(`${asked} queries\n`);
    });
    await check(property, {
      runs: Math.ceil(cases / QUERIES_OF_A_RUN),
      defaultSize: DIFFERENTIAL_CASES === undefined,
    });
    expect(asked).toBeGreaterThan(cases / 2);
  }, 3_600_000);
});
