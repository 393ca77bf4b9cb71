import { describe, expect, it } from "vitest";
import { parseTodo } from "../../src/todo/parse.js";

/** The items as their marks and texts, and how deep each is below one with an id. */
async function items(...lines: string[]): Promise<string[]> {
  const { items: found } = await parseTodo(lines.join("\n"));
  return found.map((item) => `${item.below ? `${item.below} > ` : ""}[${item.mark}] ${item.text}`);
}

describe("a task list is found in every style:", () => {
  it.each([
    ["a hyphen", ["- [ ] a"], ["[ ] a"]],
    ["an asterisk", ["* [x] a"], ["[x] a"]],
    ["a plus", ["+ [X] a"], ["[X] a"]],
    ["numbers with a dot", ["1. [ ] a", "2. [x] b"], ["[ ] a", "[x] b"]],
    ["numbers with a parenthesis", ["7) [ ] a", "8) [x] b"], ["[ ] a", "[x] b"]],
    [
      "marks of one's own",
      ["- [~] a", "- [-] b", "- [/] c", "- [é] d", "- [✅] e"],
      ["[~] a", "[-] b", "[/] c", "[é] d", "[✅] e"],
    ],
    [
      "nested, by the width of the bullet",
      ["1. [ ] a", "   - [x] b", "     * [ ] c"],
      ["[ ] a", "[x] b", "[ ] c"],
    ],
    ["nested with tabs", ["- [ ] a", "\t- [x] b"], ["[ ] a", "[x] b"]],
    ["below plain items", ["- a", "  - [ ] b"], ["[ ] b"]],
    ["an indented list", ["  - [ ] a", "  - [x] b"], ["[ ] a", "[x] b"]],
    ["a loose list", ["- [ ] a", "", "- [x] b"], ["[ ] a", "[x] b"]],
    ["text over several lines", ["- [ ] a", "  b", "c"], ["[ ] a b c"]],
    ["wide gaps", ["-    [ ]    a   b"], ["[ ] a b"]],
    ["no text", ["- [ ]", "- [x] "], ["[ ] ", "[x] "]],
    ["no newline at the end, and after a heading", ["# h", "- [ ] a"], ["[ ] a"]],
    ["a reference's name in the box", ["- [x] a", "", "[x]: http://x"], ["[x] a"]],
  ])("%s", async (_, text, expected) => {
    expect(await items(...text)).toEqual(expected);
    expect(await items(...text.map((line) => `${line}\r`))).toEqual(expected);
  });

  it.each([
    ["no space behind the box", ["- [x]a", "- [x](link) a", "- [x][ref]"]],
    ["nothing or too much in the box", ["- [] a", "- [xx] a", "- [  ] a"]],
    ["no list", ["[x] a", "\\- [x] a"]],
    ["a fence", ["```", "- [ ] a", "```", "~~~ md", "- [x] a", "```", "- [x] b", "~~~"]],
    [
      "a fence in an item, indented",
      ["- a", "", "  ```", "  - [ ] a", "  ```", "1. b", "   ~~~", "   - [ ] c", "   ~~~"],
    ],
    ["a fence that is not closed", ["- a", "", "```", "- [ ] a"]],
    ["indented code", ["text", "", "    - [ ] a"]],
    ["a quotation", ["> - [ ] a", "> 1. [x] b"]],
    ["a paragraph that takes two lines in", ["- [ ] a <!-- M1/A -->", "  2. [ ] b <!-- M1/B -->"]],
    ["HTML", ["<!--", "- [ ] a", "-->", "", "<pre>", "- [x] a", "</pre>"]],
  ])("and not where there is %s", async (_, text) => {
    expect(await items(...text)).toEqual([]);
  });
});

describe("a hidden id", () => {
  it("is compared whole, wherever it stands in the item; of two, neither counts", async () => {
    const { items: found } = await parseTodo(
      [
        "- [ ] a <!-- M1/T1.1 -->",
        "- [ ] b <!--M1/T1.10-->",
        "- [ ] <!-- M1/T1.100 --> c",
        "- [ ] d",
        "  <!-- M1/T2 -->",
        "- [ ] e <!-- M1/T9 --> e <!-- M12/T3 -->",
        "- [ ] f <!-- M1/T1.1x! -->",
        "  - [ ] below",
      ].join("\n"),
    );
    expect(found.map(({ place, text }) => [place, text])).toEqual([
      ["M1/T1.1", "a"],
      ["M1/T1.10", "b"],
      ["M1/T1.100", "c"],
      ["M1/T2", "d"],
      [undefined, "f <!-- M1/T1.1x! -->"],
      [undefined, "below"],
    ]);
  });

  it("tells what is below it, and the heading tells the mission", async () => {
    const { items: found } = await parseTodo(
      [
        "- [ ] before",
        "## M1 · executing <!-- M1 -->",
        "- [ ] a <!-- M1/A -->",
        "  - b",
        "    - [ ] c",
        "### Sub",
        "- [ ] d",
        "## Mine",
        "- [ ] e",
        "# M2 <!-- M2 -->",
        "1. [ ] f",
      ].join("\n"),
    );
    expect(found.map(({ text, mission, below }) => [text, mission, below])).toEqual([
      ["before", undefined, undefined],
      ["a", "M1", undefined],
      ["c", "M1", "M1/A"],
      ["d", "M1", undefined],
      ["e", undefined, undefined],
      ["f", "M2", undefined],
    ]);
  });
});
