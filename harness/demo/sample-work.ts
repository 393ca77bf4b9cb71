import type { Attempt, ToolCall, WorkerPart } from "../index.js";
import type { SAMPLE_FILES } from "./sample-files.js";

/** What the scripted Workers do: real calls of OpenCode's own tools. */

const SLUG_EDIT = String.raw`  return title
    .normalize("NFD")
    .replace(/\p{Mark}/gu, "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "");`;

const DURATION = String.raw`const UNITS = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1_000, ms: 1 };

/** Milliseconds of a duration such as "1h 30m" or "45s". @throws RangeError for anything else. */
export function parseDuration(text) {
  if (!/^\s*(\d+(ms|[dhms])\s*)+$/.test(text)) throw new RangeError("not a duration: " + JSON.stringify(text));
  let total = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+)(ms|[dhms])/g)) total += Number(amount) * UNITS[unit];
  return total;
}
`;

const MONEY_EDIT = String.raw`  const digits = String(Math.abs(cents)).padStart(3, "0");
  const whole = digits.slice(0, -2).replace(/\B(?=(\d{3})+$)/g, ",");
  return (cents < 0 ? "-" : "") + whole + "." + digits.slice(-2);`;

/** Passes the tests and misses the criterion: two quotes inside a quoted field. */
const CSV_LOOP = `  for (const char of line) {
    if (char === '"') quoted = !quoted;
    else if (char === "," && !quoted) fields.push("");
    else fields[fields.length - 1] += char;
  }`;
const CSV_FIRST = `  const fields = [""];
  let quoted = false;
${CSV_LOOP}
  return fields;`;
const CSV_SECOND = `  for (let at = 0; at < line.length; at++) {
    const char = line[at];
    const pair = quoted && char === '"' && line[at + 1] === '"';
    if (pair) at++;
    if (char === '"' && !pair) quoted = !quoted;
    else if (char === "," && !quoted) fields.push("");
    else fields[fields.length - 1] += char;
  }`;
const CSV_LAST_TEST = `  assert.deepEqual(parseLine('1,"a, b",2'), ["1", "a, b", "2"]);
});
`;
const CSV_NEW_TEST = `test("two quotes inside a quoted field stand for one", () => {
  assert.deepEqual(parseLine('"say ""hi""",""'), ['say "hi"', ""]);
});
`;

const INDEX = `export { parseLine } from "./csv.js";
export { parseDuration } from "./duration.js";
export { formatCents } from "./money.js";
export { slug } from "./slug.js";
`;
const README_LINE = `| slug | "Hello World" becomes "hello-world" |`;
const README_EDIT = `${README_LINE}
| parseDuration | "1h 30m" becomes 5400000 |
| formatCents | 123450 becomes "1,234.50" |
| parseLine | the fields of a line of CSV, quoted ones too |`;

export const SAMPLE_WORKERS: Readonly<Record<string, WorkerPart>> = {
  slug: part("slug drops accents and keeps single hyphens; its tests pass.", (at) => [
    at.read("test/slug.test.js"),
    at.read("src/slug.js"),
    at.edit("src/slug.js", `  return title.toLowerCase().replace(/ /g, "-");`, SLUG_EDIT),
    at.test("slug"),
  ]),
  duration: part("parseDuration is written; its tests pass.", (at) => [
    at.read("test/duration.test.js"),
    at.read("src/duration.js"),
    at.write("src/duration.js", DURATION),
    at.test("duration"),
  ]),
  money: part("Amounts are cut from the digits, without division; its tests pass.", (at) => [
    at.read("test/money.test.js"),
    at.read("src/money.js"),
    at.edit("src/money.js", "  return String(cents / 100);", MONEY_EDIT),
    at.test("money"),
  ]),
  csv: part(
    "Quoted fields are read; the tests pass.",
    (at) => [
      at.read("test/csv.test.js"),
      at.read("src/csv.js"),
      at.edit("src/csv.js", `  return line.split(",");`, CSV_FIRST),
      at.test("csv"),
    ],
    (at) => [
      at.read("src/csv.js"),
      at.edit("src/csv.js", CSV_LOOP, CSV_SECOND),
      at.edit("test/csv.test.js", CSV_LAST_TEST, CSV_LAST_TEST + CSV_NEW_TEST),
      at.test("csv"),
    ],
  ),
  index: part("All four are exported and in the README; the whole suite passes.", (at) => [
    at.read("src/index.js"),
    at.read("README.md"),
    at.write("src/index.js", INDEX),
    at.edit("README.md", README_LINE, README_EDIT),
    at.bash("node --test", "Run all tests"),
  ]),
};

class Hands {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  read(file: keyof typeof SAMPLE_FILES): ToolCall {
    return { name: "read", args: { filePath: this.#path(file) } };
  }

  write(file: keyof typeof SAMPLE_FILES, content: string): ToolCall {
    return { name: "write", args: { filePath: this.#path(file), content } };
  }

  edit(file: keyof typeof SAMPLE_FILES, oldString: string, newString: string): ToolCall {
    return { name: "edit", args: { filePath: this.#path(file), oldString, newString } };
  }

  bash(command: string, description: string): ToolCall {
    return { name: "bash", args: { command, description } };
  }

  test(name: string): ToolCall {
    return this.bash(`node --test test/${name}.test.js`, `Run the tests of ${name}`);
  }

  #path(file: string): string {
    return `${this.#directory}/${file}`;
  }
}

function part(summary: string, ...attempts: ((at: Hands) => ToolCall[])[]): WorkerPart {
  const played = attempts.map(
    (attempt): Attempt =>
      (directory) =>
        attempt(new Hands(directory)),
  );
  return { attempts: played, summary };
}
