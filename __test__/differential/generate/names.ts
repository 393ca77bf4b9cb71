import fc from "fast-check";

/**
 * A name of a file or folder. A lone surrogate U+DC80 to U+DCFF stands for one byte that is not UTF-8 (Python's
 * "surrogateescape"), so that names stay strings in counterexamples.
 */
export type Name = string;
/** A path below the root of a tree. */
export type Path = readonly Name[];

/** The bytes of a name. */
export function bytesOfName(name: Name): Buffer {
  return Buffer.concat(
    [...name].map((character) => {
      const code = character.charCodeAt(0);
      return character.length === 1 && code >= 0xdc80 && code <= 0xdcff
        ? Buffer.from([code - 0xdc00])
        : Buffer.from(character);
    }),
  );
}

/** The name that has these bytes. */
export function nameOfBytes(bytes: Buffer): Name {
  const text = bytes.toString();
  if (Buffer.from(text).equals(bytes)) return text;
  return [...bytes].map((byte) => String.fromCharCode(byte < 0x80 ? byte : 0xdc00 + byte)).join("");
}

/** Whether a path can be given to the API, which takes text. */
export function isText(path: Path): boolean {
  return path.every((name) => bytesOfName(name).toString() === name);
}

const FOLDERS = ["src", "lib", "build", "a", "b", "deep", "node_modules", "target"];
const ODD_FOLDERS = [".hidden", ".config", "with space", "-dash", "größe", "a.ts", "new\nline", "\udcffdir"];
const STEMS = ["a", "b", "main", "index", "keep", "README"];
const ODD_STEMS = [
  "two words",
  "-rf",
  "--",
  "über",
  "日本",
  "line\nbreak",
  "[id]",
  "st*r",
  "wh?t",
  "!bang",
  "#hash",
];
const RAW_STEMS = ["latin\udce9", "\udcff", "cut\udce2\udc82"];
const EXTENSIONS = [".ts", ".js", ".md", ".log", ".txt", ""];

const stem = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom(...STEMS) },
  { weight: 3, arbitrary: fc.constantFrom(...ODD_STEMS) },
  { weight: 1, arbitrary: fc.constantFrom(...RAW_STEMS) },
  { weight: 1, arbitrary: fc.constantFrom(".env", ".a", "trailing ", " leading") },
);

export const fileName: fc.Arbitrary<Name> = fc
  .tuple(stem, fc.constantFrom(...EXTENSIONS))
  .map(([name, extension]) => name + extension);

export const folderName: fc.Arbitrary<Name> = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(...FOLDERS) },
  { weight: 1, arbitrary: fc.constantFrom(...ODD_FOLDERS) },
);

export const folderPath: fc.Arbitrary<Path> = fc.oneof(
  { weight: 20, arbitrary: fc.array(folderName, { maxLength: 3 }) },
  { weight: 1, arbitrary: fc.array(folderName, { minLength: 8, maxLength: 16 }) },
);

export const filePath: fc.Arbitrary<Path> = fc
  .tuple(folderPath, fileName)
  .map(([folder, name]) => [...folder, name]);

/** Whole names and parts of names, for globs that hit something. */
export const nameInGlob = fc.constantFrom(
  ...FOLDERS,
  ...STEMS,
  ...FOLDERS.map((name) => name.slice(0, 2)),
  ".hidden",
  "with space",
  "größe",
  "two words",
  "main.ts",
  "a.ts",
  "README.md",
  ".env",
);
