import fc from "fast-check";

/** One call of the addon, as data: it is written to a file before it is made, so that a crash can be repeated. */
export type FuzzInput =
  | { readonly call: "grep"; readonly pattern: string; readonly include: string[]; readonly flags: number }
  | { readonly call: "glob"; readonly patterns: string[] }
  | { readonly call: "ast"; readonly pattern: string; readonly language: string | undefined }
  | { readonly call: "rule"; readonly rule: string; readonly language: string }
  | {
      readonly call: "rewrite";
      readonly pattern: string;
      readonly replacement: string;
      readonly language: string;
    };

const LANGUAGES = ["typescript", "tsx", "python", "rust", "go", "html", "yaml", "json", "bash", "css", "php"];
const language = fc.constantFrom(...LANGUAGES);

/** Random text, or random pieces of the syntax in question, put together. */
const text = (...pieces: string[]) =>
  fc.oneof(
    fc.string({ unit: "binary", maxLength: 60 }),
    fc
      .array(
        fc.oneof(
          { weight: 4, arbitrary: fc.constantFrom(...pieces) },
          { weight: 1, arbitrary: fc.string({ maxLength: 4 }) },
        ),
        {
          maxLength: 14,
        },
      )
      .map((parts) => parts.join("")),
  );

const regex = text(
  ..."a b é ſ K . * + ? | ( ) (?: (?i) (?s-i: (?P<n> [ ] [^ - {2} {1,3} {0,} {999} \\b \\B \\w \\d \\s \\S \\n \\x00 \\xff \\u{10ffff} \\p{L} \\pN ^ $ \\A \\z \\ / \n".split(
    " ",
  ),
);
const globs = text(
  ..."a * ** ? / {a,b} { } [a-z] [!x] [ ] ! \\ , . .. ./ ../ // é {a,{b,c}} {,} **/ /**".split(" "),
);
const code = text(
  ..."$A $$$B $_ $$ $ foo ( ) { } [ ] , ; : . => = == === ' \" ` // /* */ # if else for while function class def fn let const return import from < > </a> <a> \n \t 1 0x é".split(
    " ",
  ),
);
const rules = text(
  ..."rule: pattern: all: any: not: has: inside: kind: regex: matches: utils: constraints: transform: language: stopBy: field: - | ' \" : # & * ! \n \n\u0020\u0020 \n\u0020\u0020\u0020\u0020 $A foo($A) identifier call_expression end neighbor x".split(
    " ",
  ),
);

export const fuzzInput: fc.Arbitrary<FuzzInput> = fc.oneof(
  fc.record({
    call: fc.constant("grep" as const),
    pattern: regex,
    include: fc.array(globs, { maxLength: 2 }),
    flags: fc.nat({ max: 63 }),
  }),
  fc.record({
    call: fc.constant("glob" as const),
    patterns: fc.array(globs, { minLength: 1, maxLength: 3 }),
  }),
  fc.record({
    call: fc.constant("ast" as const),
    pattern: code,
    language: fc.option(language, { nil: undefined }),
  }),
  fc.record({ call: fc.constant("rule" as const), rule: rules, language }),
  fc.record({ call: fc.constant("rewrite" as const), pattern: code, replacement: code, language }),
);
