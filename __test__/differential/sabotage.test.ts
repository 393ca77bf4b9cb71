import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { NativeError } from "../../src/native/index.js";
import { Difference } from "./compare.js";
import { equality } from "./equality.js";
import { type GrepResult, openSubject, type Subject } from "./subject.js";

/** The comparison can fail: a searcher with any of these faults is caught by a few generated cases. */
const honest = openSubject({ index: false });
afterAll(() => honest.close());

type Grep = Subject["grep"];
const answers = new Map<string, Promise<GrepResult>>();

const changed = (page: GrepResult, change: Partial<GrepResult>): GrepResult => ({
  ...plain(page),
  ...change,
});
const plain = (page: GrepResult): GrepResult => JSON.parse(JSON.stringify(page)) as GrepResult;

const FAULTS: Readonly<Record<string, Partial<Subject>>> = {
  "drops the last match of an answer": grepping(async (options) => {
    const page = await honest.grep(options);
    return changed(page, { matches: page.matches.slice(0, -1) });
  }),
  "ignores `word`": grepping((options) => honest.grep({ ...options, word: false })),
  "ignores `multiline`": grepping((options) => honest.grep({ ...options, multiline: false })),
  "ignores the ignore files' absence": grepping((options) => honest.grep({ ...options, noIgnore: false })),
  "sees ignored files": grepping((options) => honest.grep({ ...options, noIgnore: true })),
  "sees hidden files": grepping((options) => honest.grep({ ...options, hidden: true })),
  "forgets the excluding globs": grepping((options) => honest.grep({ ...options, exclude: [] })),
  "is one line off": grepping(async (options) => {
    const page = plain(await honest.grep(options));
    return changed(page, { matches: page.matches.map((each) => ({ ...each, line: each.line + 1 })) });
  }),
  "gives too few lines of context": grepping((options) => honest.grep({ ...options, before: 0 })),
  "answers as before the change": grepping((options) => {
    const question = JSON.stringify(options);
    const answer = answers.get(question) ?? honest.grep(options);
    answers.set(question, answer);
    return answer;
  }),
  "takes every pattern": grepping((options) =>
    honest.grep(options).catch((error: unknown) => {
      if (error instanceof NativeError)
        return honest.grep({ ...options, pattern: "x", include: [], exclude: [] });
      throw error;
    }),
  ),
  "lists one file too few": {
    glob: async (options) => {
      const page = await honest.glob(options);
      return { ...page, paths: page.paths.slice(1) };
    },
  },
};

function grepping(grep: Grep): Partial<Subject> {
  return { grep };
}

describe("the comparison catches a searcher that", () => {
  it.each(Object.entries(FAULTS))("%s", async (name, fault) => {
    const subject: Subject = { ...honest, ...fault, name };
    const outcome = await fc.check(equality([subject]), { seed: 1, numRuns: 200, endOnFailure: true });
    expect(outcome.errorInstance).toBeInstanceOf(Difference);
    expect(String(outcome.errorInstance)).toContain(name);
  });
});
