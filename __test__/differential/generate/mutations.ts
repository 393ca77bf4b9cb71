import fc from "fast-check";
import { type Content, smallContent } from "./content.js";
import { rules } from "./globs.js";
import { fileName, filePath, folderName, folderPath, type Name, type Path } from "./names.js";
import { RULE_FILES, type RuleFile } from "./trees.js";

interface InFile<Kind> {
  readonly kind: Kind;
  readonly file: number;
}
interface WithContent<Kind> extends InFile<Kind> {
  readonly content: Content;
}
interface InFolder<Kind> {
  readonly kind: Kind;
  readonly folder: number;
}

/** A change of a tree. Numbers pick from its listing, whatever it then holds; what does not fit is passed over. */
export type Mutation =
  | WithContent<"edit">
  | WithContent<"append">
  | WithContent<"save beside and rename over">
  /** Written from outside of the tree: by a name there, or with a descriptor that was opened before. */
  | WithContent<"write through descriptor">
  /** Other bytes of the same number, and the old times put back. */
  | InFile<"edit in secret">
  | InFile<"touch">
  | InFile<"delete file">
  | (InFile<"truncate"> & { readonly size: number })
  | (InFile<"rename file"> & { readonly to: Path })
  | (InFile<"swap files"> & { readonly other: number })
  | (WithContent<"file becomes folder"> & { readonly inner: Name })
  | InFolder<"delete folder">
  | InFolder<"move folder out">
  | { readonly kind: "move folder back" }
  | (InFolder<"rename folder"> & { readonly to: Path })
  | (InFolder<"folder becomes file"> & { readonly content: Content })
  | {
      readonly kind: "new files";
      readonly above: Path;
      readonly files: readonly { readonly name: Name; readonly content: Content }[];
    }
  | { readonly kind: "retarget link"; readonly link: number; readonly target: string }
  /** Without a text, the file is deleted. */
  | (InFolder<"edit rules"> & { readonly name: RuleFile; readonly text: string | undefined })
  | { readonly kind: "edit exclude"; readonly text: string }
  | { readonly kind: "edit global ignore"; readonly text: string }
  | { readonly kind: "toggle repository" };

const pick = fc.nat(40);
const file = { file: pick };
const some = { content: smallContent };

const inFile: fc.Arbitrary<Mutation> = fc.oneof(
  fc.record({ kind: fc.constantFrom("edit", "append", "save beside and rename over"), ...file, ...some }),
  fc.record({
    kind: fc.constant("write through descriptor" as const),
    ...file,
    ...some,
  }),
  fc.record({ kind: fc.constantFrom("edit in secret", "touch", "delete file"), ...file }),
  fc.record({ kind: fc.constant("truncate"), ...file, size: fc.constantFrom(0, 1, 10, 65_536, 200_000) }),
  fc.record({ kind: fc.constant("rename file"), ...file, to: filePath }),
  fc.record({ kind: fc.constant("swap files"), ...file, other: pick }),
);

const inFolder: fc.Arbitrary<Mutation> = fc.oneof(
  fc.record({ kind: fc.constantFrom("delete folder", "move folder out"), folder: pick }),
  fc.record({ kind: fc.constant("move folder back") }),
  fc.record({
    kind: fc.constant("rename folder"),
    folder: pick,
    to: fc.tuple(folderPath, folderName).map(([above, name]) => [...above, name]),
  }),
  fc.record({ kind: fc.constant("folder becomes file"), folder: pick, ...some }),
  fc.record({ kind: fc.constant("file becomes folder"), ...file, inner: fileName, ...some }),
  fc.record({
    kind: fc.constant("new files"),
    above: folderPath,
    files: fc.array(fc.record({ name: fileName, ...some }), { minLength: 1, maxLength: 3 }),
  }),
  fc.record({
    kind: fc.constant("retarget link"),
    link: pick,
    target: fc.constantFrom("a.ts", "src", "..", "nowhere"),
  }),
);

const inRules: fc.Arbitrary<Mutation> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("edit rules"),
      folder: fc.oneof(fc.constant(0), pick),
      name: fc.constantFrom(...RULE_FILES),
      text: fc.oneof({ weight: 4, arbitrary: rules }, { weight: 1, arbitrary: fc.constant(undefined) }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("edit exclude"), text: rules }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("edit global ignore"), text: rules }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("toggle repository") }) },
);

export const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  { weight: 4, arbitrary: inFile },
  { weight: 3, arbitrary: inFolder },
  { weight: 2, arbitrary: inRules },
);
