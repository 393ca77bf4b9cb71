import fc from "fast-check";
import { type Content, largeContent, smallContent } from "./content.js";
import { rules } from "./globs.js";
import { fileName, filePath, folderPath, type Path } from "./names.js";

export const RULE_FILES = [".gitignore", ".ignore", ".rgignore"] as const;
export type RuleFile = (typeof RULE_FILES)[number];

/** One thing of a tree. What cannot be made, because another thing is in its place, is passed over. */
export type Entry =
  | { readonly kind: "file"; readonly path: Path; readonly content: Content }
  | { readonly kind: "folder"; readonly path: Path }
  | { readonly kind: "link"; readonly path: Path; readonly target: string }
  | { readonly kind: "rules"; readonly folder: Path; readonly name: RuleFile; readonly text: string }
  /** `file`: as in a worktree, a `.git` that names the folder elsewhere. */
  | {
      readonly kind: "git";
      readonly folder: Path;
      readonly form: "folder" | "file" | "stray file";
      readonly exclude: string;
    };

export interface Tree {
  /** Whether it has files that are larger than a read buffer; a search across their lines takes ripgrep minutes. */
  readonly isLarge: boolean;
  readonly globalIgnore: string;
  readonly entries: readonly Entry[];
}

const file = (content: fc.Arbitrary<Content>): fc.Arbitrary<Entry> =>
  fc.record({ kind: fc.constant("file"), path: filePath, content });
const ruleFolder = fc.oneof(
  { weight: 3, arbitrary: fc.constant<Path>([]) },
  { weight: 2, arbitrary: folderPath },
);

const other: fc.Arbitrary<Entry> = fc.oneof(
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("folder"), path: folderPath }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("link"),
      path: fc.tuple(folderPath, fileName).map(([folder, name]) => [...folder, `${name}.link`]),
      target: fc.constantFrom(
        "a.ts",
        "main.ts",
        ".",
        "..",
        "../..",
        "nowhere",
        "src",
        "../src",
        "self.link",
        "README.md",
      ),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant("rules"),
      folder: ruleFolder,
      name: fc.constantFrom(".gitignore", ".gitignore", ".ignore", ".rgignore"),
      text: rules,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("git"),
      folder: folderPath,
      form: fc.constantFrom("folder", "folder", "file", "stray file"),
      exclude: rules,
    }),
  },
);

const rootRepository: fc.Arbitrary<Entry> = fc.record({
  kind: fc.constant("git"),
  folder: fc.constant([]),
  form: fc.constantFrom("folder", "folder", "folder", "file", "stray file"),
  exclude: fc.oneof({ weight: 2, arbitrary: fc.constant("") }, { weight: 1, arbitrary: rules }),
});

const treeOf = (isLarge: boolean, content: fc.Arbitrary<Content>): fc.Arbitrary<Tree> =>
  fc.record({
    isLarge: fc.constant(isLarge),
    globalIgnore: fc.oneof({ weight: 3, arbitrary: fc.constant("") }, { weight: 1, arbitrary: rules }),
    entries: fc
      .tuple(
        fc.oneof(
          { weight: 3, arbitrary: rootRepository.map((one) => [one]) },
          { weight: 1, arbitrary: fc.constant([]) },
        ),
        fc.array(file(content), { minLength: 1, maxLength: 18 }),
        fc.array(other, { maxLength: 7 }),
      )
      .map((parts) => parts.flat()),
  });

export const tree: fc.Arbitrary<Tree> = fc.oneof(
  { weight: 7, arbitrary: treeOf(false, smallContent) },
  { weight: 1, arbitrary: treeOf(true, largeContent) },
);
