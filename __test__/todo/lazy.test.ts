import type * as Parser from "mdast-util-from-markdown";
import { expect, it, vi } from "vitest";
import { task } from "../unit/records.js";
import { Desk } from "./desk.js";

let isLoaded = false;
vi.mock("mdast-util-from-markdown", async (original) => {
  isLoaded = true;
  return original<typeof Parser>();
});

it("the parser is loaded by the first edit, not by a mission whose file nobody touches", async () => {
  const desk = await Desk.open([task("T1")]);
  await desk.change("T1", { state: "running" });
  await desk.read();
  desk.restart();
  await desk.read();
  expect(desk.text).toContain("_(running)_");
  expect(isLoaded).toBe(false);
  await desk.edit("# Missions", "# Ours");
  expect(isLoaded).toBe(true);
});
