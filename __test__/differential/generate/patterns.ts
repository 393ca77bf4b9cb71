import fc from "fast-check";
import { WORDS } from "./content.js";

const escaped = (text: string) => text.replace(/[\\^$.*+?()[\]{}|#&~-]/g, "\\$&");

/** A word of the files, or a part of one. */
const text = fc.tuple(fc.constantFrom(...WORDS), fc.nat(3), fc.nat(2)).map(([word, from, drop]) => {
  const characters = [...word];
  return characters.length > 3 ? characters.slice(from, characters.length - drop).join("") : word;
});

const twoWords = fc.tuple(text, fc.constantFrom(" ", ", ", ""), text).map((parts) => parts.join(""));

const atom = fc.oneof(
  { weight: 8, arbitrary: text.map(escaped) },
  {
    weight: 6,
    arbitrary: fc.constantFrom(
      ...". \\w \\W \\d \\D \\s \\S [a-z] [A-Z] [^a-z] [aeiou] [^\\s] [[:alpha:]] [[:^punct:]] [a-z&&[^b]]".split(
        " ",
      ),
      ...[
        "\\p{L}",
        "\\p{Lu}",
        "\\p{Greek}",
        "\\pN",
        "\\P{L}",
        "\\p{Emoji}",
        "\\x66",
        "\\u{66}",
        "\\t",
        "\\r",
        "[\\r]",
      ],
      ...["(?-u:\\w)", "(?-u:\\xFF)", "(?-u:.)", "(?s:.)", "(?R:.)", "[^\\n]", "[ -~]", "\\x{F6}"],
    ),
  },
);
/** No `\A` and `(?-m:^)`: line by line they mean the start of ripgrep's buffer, wherever that is (see content.ts). */
const anchor = fc.constantFrom(
  ...["^", "$", "\\b", "\\B", "\\z", "\\b{start}", "\\b{end}", "\\<", "\\>", "(?-m:$)", "(?-u:\\b)", "(?R)$"],
);
const repetition = fc.constantFrom("*", "+", "?", "{2}", "{1,3}", "{2,}", "*?", "+?", "??", "{0}");
const flags = fc.constantFrom("(?i)", "(?s)", "(?x)", "(?U)", "(?-u)", "(?m)", "(?R)");

const { regex } = fc.letrec<{ regex: string; sequence: string; piece: string }>((tie) => ({
  regex: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    { weight: 5, arbitrary: tie("sequence") },
    {
      weight: 2,
      arbitrary: fc.array(tie("sequence"), { minLength: 2, maxLength: 3 }).map((all) => all.join("|")),
    },
  ),
  sequence: fc.array(tie("piece"), { minLength: 1, maxLength: 3 }).map((all) => all.join("")),
  piece: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    { weight: 6, arbitrary: atom },
    { weight: 3, arbitrary: fc.tuple(atom, repetition).map((both) => both.join("")) },
    { weight: 2, arbitrary: anchor },
    {
      weight: 2,
      arbitrary: fc
        .tuple(fc.constantFrom("(", "(?:", "(?i:", "(?<n>"), tie("regex"), fc.option(repetition, { nil: "" }))
        .map(([open, inner, times]) => `${open}${inner})${times}`),
    },
  ),
}));

const broken = fc.constantFrom(
  ...[
    "(",
    ")",
    "[",
    "*",
    "a{2,1}",
    "\\",
    "\\p{Nope}",
    "(a)\\1",
    "(?=a)",
    "(?<!a)b",
    "a**[",
    "x{1000}{1000}{1000}",
  ],
  ...[
    "foo\\nbar",
    "foo\nbar",
    "\\n",
    "\\x00",
    "[\\x00-z]",
    "(?z)",
    "[[:nope:]]",
    "(?P<n>a)(?P<n>b)",
    "[b-a]",
    "\\n*",
  ],
);

/** A pattern of a query; some are refused. */
export const pattern: fc.Arbitrary<string> = fc.oneof(
  { weight: 6, arbitrary: text },
  { weight: 3, arbitrary: twoWords },
  { weight: 12, arbitrary: regex },
  { weight: 2, arbitrary: fc.tuple(flags, regex).map((both) => both.join("")) },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      "",
      "x*",
      "^",
      "$",
      "^$",
      "\\b",
      "()",
      "|",
      "a|",
      "(|foo)",
      "\\s*",
      ".*",
      "\\S+",
      "^.*$",
    ),
  },
  { weight: 1, arbitrary: broken },
);

/** A pattern for multi-line mode. */
export const multilinePattern: fc.Arbitrary<string> = fc.oneof(
  { weight: 3, arbitrary: pattern },
  {
    weight: 4,
    arbitrary: fc
      .tuple(
        regex,
        fc.constantFrom("\\n", "\\s+", "\n", "\\r?\\n", "(?s:.*)", "(?s:.+?)", "[^~]*", "\\n*", "$\\n^"),
        regex,
      )
      .map((parts) => parts.join("")),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      "\\n",
      "\\n\\n",
      "\\z",
      "\\n+",
      "(?s).*",
      "(?s)^.*$",
      "\\s",
      "\\n|a",
      "$\\n",
      "[^x]+",
    ),
  },
);
