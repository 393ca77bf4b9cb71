/** The sample: a small package whose tests fail. Four modules have a fault each; the index needs all four. */

const SLUG = `/** Turns a title into a part of a URL: "Crème brûlée!" becomes "creme-brulee". */
export function slug(title) {
  return title.toLowerCase().replace(/ /g, "-");
}
`;

const DURATION = `/** Milliseconds of a duration such as "1h 30m" or "45s". @throws RangeError for anything else. */
export function parseDuration(text) {
  throw new Error("not written yet");
}
`;

const MONEY = `/** An amount in cents for people: 123450 becomes "1,234.50". */
export function formatCents(cents) {
  return String(cents / 100);
}
`;

const CSV = `/** The fields of one line of CSV (RFC 4180). */
export function parseLine(line) {
  return line.split(",");
}
`;

const INDEX = `export { slug } from "./slug.js";
`;

const README = `# text-kit

Small functions for text.

| Function | Example |
| --- | --- |
| slug | "Hello World" becomes "hello-world" |
`;

const imports = (what: string, from: string) => `import assert from "node:assert/strict";
import { test } from "node:test";
import ${what} from "../src/${from}.js";
`;

const SLUG_TEST = `${imports("{ slug }", "slug")}
test("words are joined by hyphens", () => {
  assert.equal(slug("Hello World"), "hello-world");
});
test("accents are dropped", () => {
  assert.equal(slug("Crème brûlée!"), "creme-brulee");
});
test("runs of other characters become one hyphen, and none at the ends", () => {
  assert.equal(slug("  a -- b!  "), "a-b");
});
`;

const DURATION_TEST = `${imports("{ parseDuration }", "duration")}
test("units add up", () => {
  assert.equal(parseDuration("1h 30m"), 5_400_000);
  assert.equal(parseDuration("45s"), 45_000);
  assert.equal(parseDuration("250ms"), 250);
});
test("anything else is refused", () => {
  for (const text of ["", "soon", "5", "5 minutes"]) assert.throws(() => parseDuration(text), RangeError);
});
`;

const MONEY_TEST = `${imports("{ formatCents }", "money")}
test("cents have two digits", () => {
  assert.equal(formatCents(5), "0.05");
  assert.equal(formatCents(1200), "12.00");
});
test("thousands are set apart", () => {
  assert.equal(formatCents(123_450), "1,234.50");
  assert.equal(formatCents(-100_000_000), "-1,000,000.00");
});
`;

const CSV_TEST = `${imports("{ parseLine }", "csv")}
test("fields are set apart by commas", () => {
  assert.deepEqual(parseLine("a,b,"), ["a", "b", ""]);
});
test("a quoted field may hold commas", () => {
  assert.deepEqual(parseLine('1,"a, b",2'), ["1", "a, b", "2"]);
});
`;

const INDEX_TEST = `${imports("* as kit", "index")}
test("everything is exported", () => {
  assert.deepEqual(Object.keys(kit).sort(), ["formatCents", "parseDuration", "parseLine", "slug"]);
});
`;

/** Contents by path. */
export const SAMPLE_FILES = {
  "package.json": `${JSON.stringify({ name: "text-kit", version: "1.0.0", type: "module", scripts: { test: "node --test" } }, null, 2)}\n`,
  "README.md": README,
  "src/slug.js": SLUG,
  "src/duration.js": DURATION,
  "src/money.js": MONEY,
  "src/csv.js": CSV,
  "src/index.js": INDEX,
  "test/slug.test.js": SLUG_TEST,
  "test/duration.test.js": DURATION_TEST,
  "test/money.test.js": MONEY_TEST,
  "test/csv.test.js": CSV_TEST,
  "test/index.test.js": INDEX_TEST,
} as const;

export const SAMPLE_GOAL =
  "Make the tests pass: repair slug, duration, money and csv, then export them all and say so in the README";
