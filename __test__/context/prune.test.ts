import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type ConversationMessage,
  DEFAULT_PRUNING,
  MARKER,
  type PruneSettings,
  prune,
} from "../../src/context/index.js";
import { conversation } from "./conversations.js";
import { assertAnthropic, assertGemini, assertOpenAi } from "./shapes.js";

/** Small enough that random conversations reach every rule. */
const settings: PruneSettings = { keepSteps: 2, batchTokens: 300, hugeTokens: 400, excerptCharacters: 600 };

function pruned(messages: readonly ConversationMessage[], by = settings): ConversationMessage[] {
  const copy = structuredClone(messages) as ConversationMessage[];
  prune(copy, by);
  return copy;
}

/** A conversation without the texts of its results. */
const bones = (messages: readonly ConversationMessage[]) =>
  messages.map(({ info, parts }) => ({
    info,
    parts: parts.map(({ state, ...part }) => ({ ...part, status: state?.status, input: state?.input })),
  }));

describe("pruning random conversations", () => {
  it("cuts in most of them, so that the other promises are tried at all", () => {
    const samples = fc.sample(conversation, 200);
    const cut = samples.filter((messages) => prune(structuredClone(messages), settings).cuts > 0);
    expect(cut.length).toBeGreaterThan(60);
  });

  it("leaves them valid for OpenAI, Anthropic and Gemini", () => {
    fc.assert(
      fc.property(conversation, (messages) => {
        for (const check of [assertOpenAi, assertAnthropic, assertGemini]) {
          check(messages);
          check(pruned(messages));
        }
      }),
      { numRuns: 300 },
    );
  });

  it("changes nothing but texts of results, and makes none longer", () => {
    fc.assert(
      fc.property(conversation, (messages) => {
        const after = pruned(messages);
        expect(bones(after)).toEqual(bones(messages));
        const length = (all: readonly ConversationMessage[]) => JSON.stringify(all).length;
        expect(length(after)).toBeLessThanOrEqual(length(messages));
      }),
    );
  });

  it("is idempotent and deterministic", () => {
    fc.assert(
      fc.property(conversation, (messages) => {
        const once = pruned(messages);
        expect(pruned(messages)).toEqual(once);
        expect(pruned(once)).toEqual(once);
      }),
      { numRuns: 300 },
    );
  });

  it("leaves the newest steps alone", () => {
    fc.assert(
      fc.property(conversation, (messages) => {
        const newest = (all: readonly ConversationMessage[]) =>
          all.filter(({ info }) => info.role === "assistant").slice(-settings.keepSteps);
        expect(newest(pruned(messages))).toEqual(newest(messages));
      }),
    );
  });

  it("keeps what was cut cut while the conversation grows, and changes the prefix once for each batch", () => {
    fc.assert(
      fc.property(conversation, (messages) => {
        let changes = 0;
        let before: ConversationMessage[] = [];
        let cutBefore = new Set<string>();
        for (let length = 1; length <= messages.length; length++) {
          const now = pruned(messages.slice(0, length));
          const cut = new Set(
            now.flatMap(({ parts }) =>
              parts
                .filter(({ state }) => (state?.output ?? state?.error)?.includes(MARKER))
                .map((one) => one.callID ?? ""),
            ),
          );
          for (const call of cutBefore) expect(cut).toContain(call);
          if (JSON.stringify(now.slice(0, before.length)) !== JSON.stringify(before)) changes += 1;
          before = now;
          cutBefore = cut;
        }
        const { batches } = prune(structuredClone(messages), settings);
        expect(changes).toBeLessThanOrEqual(batches);
      }),
      { numRuns: 60 },
    );
  });
});

const read = (filePath: string, output: string, more = {}) => call("read", { filePath, ...more }, output);
function call(tool: string, input: object, output: string, status = "completed"): ConversationMessage {
  const state = { status, input, ...(status === "error" ? { error: output } : { output }) };
  return { info: { role: "assistant" }, parts: [{ type: "tool", callID: "c", tool, state }] };
}
const filler = (count: number) => Array.from({ length: count }, () => call("todo", {}, "ok"));
const long = (characters: number) => "x".repeat(characters);
const textOf = (message: ConversationMessage | undefined) =>
  message?.parts[0]?.state?.output ?? message?.parts[0]?.state?.error;

/** The first result after six further steps, with batches of any size. */
function firstAfter(...messages: ConversationMessage[]): string {
  const all = [...messages, ...filler(DEFAULT_PRUNING.keepSteps)];
  return textOf(pruned(all, { ...DEFAULT_PRUNING, batchTokens: 1 })[0]) ?? "";
}

describe("what is cut", () => {
  it("a file that was read again as a whole, or in the same part", () => {
    const marker = `${MARKER} this file stands here again further down. To have it again: read a.ts.]`;
    expect(firstAfter(read("a.ts", long(999)), read("a.ts", "y"))).toBe(marker);
    expect(firstAfter(read("a.ts", long(999), { offset: 5, limit: 9 }), read("a.ts", "y"))).toBe(marker);
    expect(firstAfter(read("a.ts", long(999), { offset: 5 }), read("a.ts", "y", { offset: 5 }))).toBe(marker);
    expect(firstAfter(read("a.ts", long(999)), call("write", { filePath: "a.ts", content: "y" }, "ok"))).toBe(
      marker,
    );
  });

  it("not one that was read again in another part, edited, or read in vain", () => {
    for (const next of [
      read("a.ts", "y", { offset: 5 }),
      read("b.ts", "y"),
      call("edit", { filePath: "a.ts" }, "ok"),
      call("read", { filePath: "a.ts" }, "no such file", "error"),
    ])
      expect(firstAfter(read("a.ts", long(999)), next)).toBe(long(999));
  });

  it("a command that was run again, whatever it was called", () => {
    const command = (description: string, output: string) =>
      call("bash", { command: "npm test", description }, output);
    expect(firstAfter(command("Run tests", long(999)), command("Run them again", "y"))).toContain(
      "this command was run again further down",
    );
    expect(firstAfter(command("Run tests", long(999)), call("bash", { command: "ls" }, "y"))).toBe(long(999));
  });

  it("an error that is solved", () => {
    const error = call("edit", { filePath: "a.ts", oldString: "q" }, `not found: ${long(500)}`, "error");
    expect(firstAfter(error, call("edit", { filePath: "a.ts", oldString: "p" }, "ok"))).toContain(
      "an error of edit that is solved",
    );
    expect(firstAfter(error, call("edit", { filePath: "b.ts" }, "ok"))).toContain("not found");
  });

  it("the middle of a huge output, and later all of it when it is superseded", () => {
    const huge = `head${long(40_000)}tail`;
    const excerpt = firstAfter(call("bash", { command: "make" }, huge));
    expect(excerpt).toMatch(/^head.*characters of this output.*tail$/s);
    expect(excerpt.length).toBeLessThan(DEFAULT_PRUNING.excerptCharacters + 200);
    const again = [
      call("bash", { command: "make" }, huge),
      ...filler(8),
      call("bash", { command: "make" }, "y"),
    ];
    expect(firstAfter(...again)).toMatch(/^\[Cut to keep/);
  });

  it("no report, plan or verdict, and nothing before a batch is full", () => {
    const report = () => call("task_report", {}, long(999));
    expect(firstAfter(report(), report())).toBe(long(999));
    const twice = [read("a.ts", long(4_000)), read("a.ts", long(4_000)), ...filler(20)];
    expect(textOf(pruned(twice, DEFAULT_PRUNING)[0])).toBe(long(4_000));
  });

  it("nothing that the host has cleared already", () => {
    const cleared = read("a.ts", long(999));
    const [part] = cleared.parts;
    if (part?.state) cleared.parts[0] = { ...part, state: { ...part.state, time: { compacted: 1 } } };
    expect(firstAfter(cleared, read("a.ts", "y"))).toBe(long(999));
  });
});
