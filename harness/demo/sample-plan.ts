/** The plan that the scripted Planner submits for the sample. */
export const SAMPLE_PLAN = {
  summary: "Four independent repairs in parallel, then one task that exports and documents them",
  tasks: [
    repair("slug", "Drop accents and join words by single hyphens", [
      "Marks are dropped by Unicode normalisation and not by a table of letters",
    ]),
    repair("duration", "Write parseDuration", ["A text with anything left over is a RangeError"]),
    repair("money", "Format cents without floating-point arithmetic", ["Negative amounts keep their sign"]),
    repair("csv", "Read quoted fields", [
      'As in RFC 4180, two quotes inside a quoted field stand for one: "say ""hi""" is the field say "hi"',
    ]),
    {
      id: "index",
      title: "Export all functions and document them",
      instructions:
        "Export parseDuration, formatCents and parseLine from src/index.js beside slug, and add a line with an " +
        "example for each to the table in README.md.",
      dependencies: ["slug", "duration", "money", "csv"],
      writes: ["src/index.js", "README.md"],
      checks: {
        commands: ["node --test test/index.test.js"],
        files: ["README.md"],
        criteria: ["The README names every export"],
      },
    },
  ],
  finalCommands: ["node --test"],
};

function repair(id: string, title: string, criteria: string[]) {
  return {
    id,
    title,
    instructions: `${title}, as the comment in src/${id}.js and the tests in test/${id}.test.js say.`,
    writes: [`src/${id}.js`, `test/${id}.test.js`],
    checks: { commands: [`node --test test/${id}.test.js`], files: [`src/${id}.js`], criteria },
  };
}
