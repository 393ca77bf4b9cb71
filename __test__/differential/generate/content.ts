import fc from "fast-check";

type Encoding = "utf8" | "utf8-bom" | "utf16le" | "utf16be" | "utf16le-cut" | "latin1" | "broken";

/** What is in a file, small enough to be read in a counterexample. */
export interface Content {
  readonly lines: readonly string[];
  readonly lineEnd: "\n" | "\r\n" | "\r" | "mixed";
  readonly lastLineEnds: boolean;
  readonly encoding: Encoding;
  /** Filler before the lines, so that they begin at this offset: across the borders of read buffers. */
  readonly startAt?: { readonly offset: number; readonly filler: "lines" | "one line" };
  /** Offsets at which a byte becomes NUL. */
  readonly nulAt: readonly number[];
}

/** The words of all files, from which patterns are drawn too. */
export const WORDS = [
  ...["needle", "Needle", "NEEDLE", "needles", "foo", "bar", "foobar", "foo_bar", "fooBar", "a", "b", "x"],
  ...["größe", "GRÖSSE", "ſtraße", "K", "日本語", "naïve", "Ωmega", "ωmega", "👩‍💻", "e\u0301"],
  ...[
    "a.b",
    "a+b",
    "(foo)",
    "[bar]",
    "{",
    "}",
    "fn main() {",
    "=>",
    "42",
    "3.14",
    "_",
    "\\",
    "$x",
    "^",
    "--",
    "\t",
  ],
] as const;

const word = fc.constantFrom(...WORDS);
const line = fc.oneof(
  {
    weight: 20,
    arbitrary: fc
      .tuple(fc.array(word, { maxLength: 5 }), fc.constantFrom(" ", "", ", "))
      .map(([words, separator]) => words.join(separator)),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(word, fc.integer({ min: 100, max: 700 })).map(([each, n]) => each.repeat(n)),
  },
  { weight: 1, arbitrary: fc.constantFrom("\r", "foo\rbar", "\u2028foo", "foo\u0085bar", "\u000bfoo\f") },
);

/** ripgrep reads blocks of 64 KiB, which grow when a line is longer. */
const BUFFER = 1 << 16;
const border = fc.constantFrom(
  ...[BUFFER, 2 * BUFFER].flatMap((at) => [at - 7, at - 3, at - 2, at - 1, at, at + 1]),
);

const small: fc.Arbitrary<Content> = fc.record({
  lines: fc.array(line, { maxLength: 8 }),
  lineEnd: fc.oneof(
    { weight: 6, arbitrary: fc.constant("\n" as const) },
    { weight: 3, arbitrary: fc.constantFrom("\r\n" as const, "\r" as const, "mixed" as const) },
  ),
  lastLineEnds: fc.boolean(),
  encoding: fc.oneof(
    { weight: 12, arbitrary: fc.constant<Encoding>("utf8") },
    {
      weight: 5,
      arbitrary: fc.constantFrom<Encoding>(
        "utf8-bom",
        "utf16le",
        "utf16be",
        "utf16le-cut",
        "latin1",
        "broken",
      ),
    },
  ),
  nulAt: fc.oneof(
    { weight: 8, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: fc.array(fc.nat(60), { minLength: 1, maxLength: 2 }) },
  ),
});

const large: fc.Arbitrary<Content> = fc.record({
  lines: fc.array(line, { minLength: 1, maxLength: 4 }),
  lineEnd: fc.constantFrom("\n" as const, "\r\n" as const),
  lastLineEnds: fc.boolean(),
  encoding: fc.constantFrom<Encoding>("utf8", "utf8", "utf8", "utf8-bom", "utf16le"),
  startAt: fc.record({ offset: border, filler: fc.constantFrom("lines" as const, "one line" as const) }),
  nulAt: fc.oneof({ weight: 3, arbitrary: fc.constant([]) }, { weight: 2, arbitrary: fc.tuple(border) }),
});

export const smallContent = small;
/** Now and then larger than a read buffer. */
export const largeContent: fc.Arbitrary<Content> = fc.oneof(
  { weight: 8, arbitrary: small },
  { weight: 1, arbitrary: large },
);

/** The bytes of a file. */
export function render(content: Content): Buffer {
  const ends = content.lineEnd === "mixed" ? ["\n", "\r\n", "\r"] : [content.lineEnd];
  const text = content.lines
    .map((each, at) => {
      const isLast = at === content.lines.length - 1;
      return each + (isLast && !content.lastLineEnds ? "" : (ends[at % ends.length] ?? "\n"));
    })
    .join("");
  const bytes = encode(beginning(content) + text, content.encoding);
  // In a large UTF-16 file, ripgrep's reads end elsewhere.
  const nulAt = content.startAt && content.encoding === "utf16le" ? [] : content.nulAt;
  for (const at of nulAt) if (at < bytes.length) bytes[at] = 0;
  return bytes;
}

/**
 * ripgrep 15.0 reads on until its buffer is full, later ones take what a read gives (BurntSushi/ripgrep#3195). Only the
 * first read is short, of three bytes, and it matters where a line ends in it and a NUL follows; so no line does.
 */
const NO_EARLY_LINE_END = "~~~";

function beginning({ startAt, nulAt }: Content): string {
  if (!startAt) return nulAt.length > 0 ? NO_EARLY_LINE_END : "";
  if (startAt.filler === "one line") return `${"~".repeat(startAt.offset - 1)}\n`;
  const line = `${"~".repeat(1023)}\n`;
  const rest = startAt.offset % line.length;
  return (
    line.repeat(Math.floor(startAt.offset / line.length)) + (rest > 0 ? `${"~".repeat(rest - 1)}\n` : "")
  );
}

function encode(text: string, encoding: Encoding): Buffer {
  switch (encoding) {
    case "utf8":
      return Buffer.from(text);
    case "utf8-bom":
      return Buffer.from(`\uFEFF${text}`);
    case "utf16le":
      return Buffer.from(`\uFEFF${text}`, "utf16le");
    case "utf16be":
      return Buffer.from(`\uFEFF${text}`, "utf16le").swap16();
    case "utf16le-cut":
      return Buffer.from(`\uFEFF${text}`, "utf16le").subarray(0, -1);
    case "latin1":
      return Buffer.from(text, "latin1");
    case "broken":
      return Buffer.concat([Buffer.from([0xff, 0x20]), Buffer.from(text), Buffer.from([0xe2, 0x82])]);
  }
}
