import fc from "fast-check";
import { nameInGlob } from "./names.js";

const wildcard = fc.constantFrom(
  ..."* ** ? *.ts *.js *.md *.log *.* a* *a *i* [ab] [!a]* [a-m]* [^a] [[]id] \\* \\?".split(" "),
  ...["main.?s", "*.t[sx]", "**.ts", "a**", "*\\ *", "\\#hash*", ".*", "[]-]*", "[a-]*", "*\\[id\\]*"],
);
const braces = fc.constantFrom(
  "*.{ts,js}",
  "{a,b}",
  "{src,lib}",
  "{a,b*}.ts",
  "{,.}*",
  "{src/**,*.md}",
  "*.{t{s,x},js}",
);
const broken = fc.constantFrom("[a", "{a,b", "a}", "[z-a]", "a\\", "**a/{", "{a,{b}", "[!");

const segment = fc.oneof({ weight: 5, arbitrary: nameInGlob }, { weight: 4, arbitrary: wildcard });

/** Any glob of `.gitignore`: anchored or not, with folders only (trailing slash), or with `**` between. */
const plain = fc
  .tuple(
    fc.constantFrom("", "", "", "/", "**/"),
    fc.array(segment, { minLength: 1, maxLength: 3 }),
    fc.constantFrom("", "", "", "", "/", "/**", "/*"),
  )
  .map(([anchor, segments, end]) => anchor + segments.join("/") + end);

const ruleGlob = fc.oneof(
  { weight: 30, arbitrary: plain },
  { weight: 3, arbitrary: nameInGlob },
  { weight: 2, arbitrary: braces },
  { weight: 1, arbitrary: broken },
  {
    weight: 1,
    arbitrary: fc.constantFrom("", "#comment", "*", "**", "/", "/*", "!", "!!a", "\\!bang*", "\\#hash"),
  },
);

const negated = (glob: fc.Arbitrary<string>, plainWeight: number) =>
  fc.oneof(
    { weight: plainWeight, arbitrary: glob },
    { weight: 1, arbitrary: glob.map((each) => `!${each}`) },
  );

/** The text of an ignore file. */
export const rules: fc.Arbitrary<string> = fc
  .record({
    lines: fc.array(
      fc
        .tuple(negated(ruleGlob, 2), fc.constantFrom("", "", "", "", "", " ", "\\ ", "\t"))
        .map(([glob, space]) => glob + space),
      { maxLength: 5 },
    ),
    lineEnd: fc.constantFrom("\n", "\n", "\n", "\r\n"),
    mark: fc.constantFrom("", "", "", "", "", "\uFEFF"),
    ends: fc.boolean(),
  })
  .map(({ lines, lineEnd, mark, ends }) => mark + lines.join(lineEnd) + (ends ? lineEnd : ""));

/** A glob of a query. */
export const queryGlob = fc.oneof(
  { weight: 12, arbitrary: negated(plain, 6) },
  {
    weight: 4,
    arbitrary: fc.constantFrom("*.ts", "*.md", "src/**", "**/*.ts", "/a/*", "!*.log", "./src/*", "*"),
  },
  { weight: 3, arbitrary: braces },
  { weight: 1, arbitrary: broken },
  {
    weight: 1,
    arbitrary: fc.constantFrom("", "!", "#x", "/", "**", "!!*.ts", "!.git", ".git", ".git/**", "./", "\\!a"),
  },
);
