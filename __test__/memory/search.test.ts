import { describe, expect, it } from "vitest";
import { search } from "../../src/memory/index.js";

const documents = [
  { id: "a", text: "readTodoFile parses the file" },
  { id: "b", text: "the file is the file is the file" },
  { id: "c", text: "MAX_RETRIES is 3" },
  {
    id: "d",
    text: "a long note that names retries once, among many other words about other things entirely",
  },
];

describe("search", () => {
  it("finds parts of names, the rarer word counting more", () => {
    expect(search(documents, "todo")).toEqual(["a"]);
    expect(search(documents, "retries")).toEqual(["c", "d"]);
    expect(search(documents, "todo file")[0]).toBe("a");
    expect(search(documents, "readtodofile")).toEqual(["a"]);
  });

  it("answers nothing where nothing is shared, or asked", () => {
    expect(search(documents, "zebra")).toEqual([]);
    expect(search(documents, " … ")).toEqual([]);
    expect(search([], "file")).toEqual([]);
  });
});
