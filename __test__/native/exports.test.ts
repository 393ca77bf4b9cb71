import { expect, it } from "vitest";
import * as native from "../../src/native/index.js";

it("offers exactly the documented names", () => {
  expect(Object.keys(native).sort()).toEqual([
    "NativeError",
    "NativeStore",
    "REWRITE_JOURNAL",
    "RewritePreview",
    "Searcher",
    "WorkStealingLanes",
    "addon",
    "importStore",
    "languages",
    "openStore",
    "recoverRewrite",
    "recoverStore",
    "runningLibc",
  ]);
});

it("loads an addon that has exactly what the binding's types declare", () => {
  expect(Object.keys(native.addon()).sort()).toEqual([
    "BindingCancel",
    "BindingLanes",
    "BindingRewrite",
    "BindingSearcher",
    "BindingStore",
    "languages",
    "recoverRewrite",
  ]);
});

it("loads the addon once", () => {
  expect(native.addon()).toBe(native.addon());
});

it("parses at least the promised languages", () => {
  expect(native.languages()).toEqual(
    expect.arrayContaining([
      ...["bash", "c", "cpp", "csharp", "css", "go", "html", "java", "javascript", "json", "kotlin", "php"],
      ...["python", "ruby", "rust", "swift", "tsx", "typescript", "yaml"],
    ]),
  );
});
