import fc from "fast-check";
import { expect, it } from "vitest";
import { type MissionView, TASK_STATES, type Task, type TaskState } from "../../src/mission/index.js";
import { findEdits } from "../../src/todo/edits.js";
import { decode, encode } from "../../src/todo/encoding.js";
import { parseTodo } from "../../src/todo/parse.js";
import { renderTodo } from "../../src/todo/render.js";
import { weave } from "../../src/todo/weave.js";
import { temporaryStore } from "../native/temporary.js";
import { task, view } from "../unit/records.js";
import { Desk } from "./desk.js";

/** Ids that are each other's beginnings. */
const IDS = ["T1", "T1.1", "T1.10", "T1.100", "T10", "T100"] as const;
const NASTY = [
  "[x]",
  "- [ ] a",
  "`",
  "``",
  "```",
  "~~~",
  "<!--",
  "-->",
  "<!-- M1/T1 -->",
  "<!-- M1 suggested -->",
].concat([
  "**T1**",
  "_(ready)_",
  "<a",
  "<![CDATA[",
  "<?",
  "\\",
  "\r\n",
  "\n\n",
  "\t",
  "1.",
  "#",
  ">",
  "|",
  "&lt;",
  "[a]: b",
]);
const title = fc
  .array(fc.oneof(fc.constantFrom(...NASTY), fc.string({ maxLength: 8, unit: "grapheme" })), {
    minLength: 1,
    maxLength: 5,
  })
  .map((parts) => parts.join(" ").trim().slice(0, 200).trim())
  .filter((text) => text !== "");
const state = fc.constantFrom<TaskState>(...TASK_STATES);

const plan: fc.Arbitrary<Task[]> = fc
  .array(fc.record({ title, state, attempt: fc.nat(3), isNext: fc.boolean() }), {
    minLength: 1,
    maxLength: IDS.length,
  })
  .map((all) =>
    all.map(({ isNext, ...one }, index) =>
      task(IDS[index] ?? "", {
        ...one,
        order: index,
        dependencies: isNext && index > 0 ? [IDS[index - 1] ?? ""] : [],
      }),
    ),
  );
const goal = fc.array(title, { minLength: 1, maxLength: 4 }).map((lines) => lines.join("\n"));
const encoding = fc.record({ hasByteOrderMark: fc.boolean(), isCrLf: fc.boolean() });

const shownAs = (one: MissionView, revision = 5) => [{ ...one, revision }];
const nothing = { gone: new Set<string>(), held: new Set<string>(), suggested: new Set<never>() };

it("what is rendered reads back as no edit, and is woven into itself byte for byte", async () => {
  await fc.assert(
    fc.asyncProperty(plan, goal, async (tasks, text) => {
      const missions = shownAs(view(tasks, { goal: text }));
      const rendered = renderTodo(missions);
      const document = await parseTodo(rendered);
      expect(findEdits(missions, document)).toEqual([]);
      expect(document.items.map(({ place }) => place)).toEqual(tasks.map(({ id }) => `M1/${id}`));
      expect(weave(document, { missions, ...nothing })).toBe(rendered);
    }),
    { numRuns: 300 },
  );
});

it("any text at all is read, and its encoding comes back byte for byte", async () => {
  const text = fc
    .array(fc.constantFrom(...NASTY, "a", " ", "  ", "- ", "\n", "\r\n", "\r", "\ufeff", "\0"))
    .map((all) => all.join(""));
  await fc.assert(
    fc.asyncProperty(text, async (raw) => {
      const decoded = decode(raw);
      expect(encode(decoded.text, decoded.encoding)).toBe(raw);
      const { items, headings } = await parseTodo(decoded.text);
      for (const item of items) {
        expect(decoded.text.slice(item.markAt - 1, item.textSpan.start)).toBe(`[${item.mark}]`);
        expect(item.end).toBeGreaterThanOrEqual(item.textSpan.end);
      }
      for (const one of headings) expect(one.partEnd).toBeGreaterThanOrEqual(one.end);
    }),
    { numRuns: 500 },
  );
});

/** One thing that somebody does to the file; tasks by their index, texts that occur nowhere else. */
const edit = fc.oneof(
  fc.record({
    kind: fc.constant("mark" as const),
    index: fc.nat(5),
    mark: fc.constantFrom("x", "X", " ", "-", "~"),
  }),
  fc.record({ kind: fc.constant("title" as const), index: fc.nat(5) }),
  fc.record({ kind: fc.constant("remove" as const), index: fc.nat(5) }),
  fc.record({
    kind: fc.constant("line" as const),
    index: fc.nat(5),
    indent: fc.constantFrom("", "  "),
    bullet: fc.constantFrom("-", "*", "1."),
  }),
  fc.record({ kind: fc.constant("prose" as const), index: fc.nat(5) }),
  fc.record({ kind: fc.constant("swap" as const), index: fc.nat(5) }),
);
/** One thing that the engine does meanwhile. */
const change = fc.record({ index: fc.nat(5), state, attempt: fc.nat(3), isTitle: fc.boolean() });

it("loses no edit, whatever happens on both sides: it is in the plan, or kept; and takes no task for another", async () => {
  const store = await temporaryStore();
  await fc.assert(
    fc.asyncProperty(
      plan,
      fc.uniqueArray(edit, { selector: ({ index }) => index, maxLength: 5 }),
      fc.array(change, { maxLength: 3 }),
      fc.record({ how: encoding, restarts: fc.boolean(), adds: fc.boolean(), style }),
      async (tasks, edits, changes, { how, restarts, adds, style: styled }) => {
        await emptied(store);
        const desk = await Desk.open(tasks, {}, store);
        const before = new Map(desk.tasks.map((one) => [one.id, one]));
        const made = edits.filter(({ index }) => index < tasks.length);
        const edited = decode(desk.text).text.split("\n");
        edited.splice(0, edited.length, ...restyle(edited, styled));
        for (const one of made) edited.splice(0, edited.length, ...perform(one, edited));
        desk.text = encode(edited.join("\n"), how);
        for (const one of changes)
          if (one.index < tasks.length)
            await desk.change(IDS[one.index] ?? "", {
              state: one.state,
              attempt: one.attempt,
              ...(one.isTitle && { title: `ours ${one.index}` }),
            });
        if (adds) await desk.add("T2");
        if (restarts) desk.restart();
        const touched = new Set(changes.map(({ index }) => index));
        await desk.read();

        expect(desk.log.lines.filter(([, event]) => event === "todo.foreign")).toEqual([]);
        if (made.some(({ kind }) => kind === "swap")) {
          const wanted = edited.flatMap((line) => / <!-- M1\/(T[\d.]+) -->$/.exec(line)?.[1] ?? []);
          const now = desk.tasks.map(({ id }) => id).filter((id) => wanted.includes(id));
          expect(now).toEqual(wanted);
        }
        const after = new Map(desk.tasks.map((one) => [one.id, one]));
        for (const one of made)
          expectKept(desk, one, before.get(IDS[one.index] ?? ""), after.get(IDS[one.index] ?? ""));
        if (adds) expect(desk.text).toMatch(/ \[ \] \*\*T2\*\* Title of T2 <!-- M1\/T2 -->$/m);
        for (const [index, { id }] of tasks.entries()) {
          const lines = desk.text.split(/\r?\n/).filter((line) => line.includes(`<!-- M1/${id} -->`));
          // A title may hold any comment; only ours ends its line.
          expect(
            lines.filter((line) => line.endsWith(`<!-- M1/${id} -->`) && line.includes(`**${id}** `)),
          ).toHaveLength(1);
          if (touched.has(index) || made.some((one) => one.index === index)) continue;
          const { order: _, ...rest } = after.get(id) as Task;
          const { order: __, ...was } = before.get(id) as Task;
          expect(rest).toEqual(was);
        }
        expect(decode(desk.text).encoding).toEqual(how);
        const [text, conflicts, told] = [desk.text, desk.conflicts, desk.suggestions.length];
        desk.restart();
        await desk.read();
        expect([desk.text.replace(/@\d+/, ""), desk.conflicts, desk.suggestions.length]).toEqual([
          text.replace(/@\d+/, ""),
          conflicts,
          told,
        ]);
      },
    ),
    { numRuns: 150 },
  );
});

/** Damage to a line: it is doubled, moved to the end, indented, cut, or gets something put in. */
const damage = fc.record({
  kind: fc.constantFrom("double", "move", "indent", "cut", "insert", "before"),
  line: fc.nat(30),
  at: fc.nat(60),
  text: fc.constantFrom(...NASTY),
});

it("a file that is damaged in any way accepts nothing, loses no task, and settles at once", async () => {
  const store = await temporaryStore();
  await fc.assert(
    fc.asyncProperty(
      plan,
      fc.array(damage, { minLength: 1, maxLength: 8 }),
      encoding,
      async (tasks, all, how) => {
        await emptied(store);
        const desk = await Desk.open(tasks, {}, store);
        const done = desk.tasks.filter((one) => one.state === "done").map(({ id }) => id);
        const lines = decode(desk.text).text.split("\n");
        for (const one of all) damaged(lines, one);
        // Through the bytes of a file: half a character does not come out of one.
        desk.text = Buffer.from(encode(lines.join("\n"), how)).toString();
        await desk.read();
        for (const { id, state: now } of desk.tasks) if (now === "done") expect(done).toContain(id);
        expect(desk.tasks.map(({ id }) => id).sort()).toEqual(tasks.map(({ id }) => id).sort());
        const { items } = await parseTodo(decode(desk.text).text);
        for (const { id } of tasks) expect(items.filter(({ place }) => place === `M1/${id}`)).toHaveLength(1);
        const [text, conflicts, told] = [desk.text, desk.conflicts, desk.suggestions.length];
        desk.restart();
        await desk.read();
        expect([desk.text, desk.conflicts, desk.suggestions.length]).toEqual([text, conflicts, told]);
      },
    ),
    { numRuns: 200 },
  );
});

function damaged(
  lines: string[],
  { kind, line, at, text }: typeof damage extends fc.Arbitrary<infer T> ? T : never,
): void {
  const index = line % lines.length;
  const old = lines[index] ?? "";
  if (kind === "double") lines.splice(index, 0, old);
  else if (kind === "move") lines.push(...lines.splice(index, 1));
  else if (kind === "indent") lines[index] = `${" ".repeat(at % 9)}${old}`;
  else if (kind === "cut") lines[index] = old.slice(0, at % (old.length + 1));
  else if (kind === "before") lines.splice(index, 0, text);
  else lines[index] = old.slice(0, at % (old.length + 1)) + text + old.slice(at % (old.length + 1));
}

/** How somebody's editor writes lists. */
const style = fc.record({
  bullet: fc.constantFrom("-", "*", "+", "1.", "1)", "10."),
  isNested: fc.boolean(),
  isLoose: fc.boolean(),
});

function restyle(
  lines: readonly string[],
  { bullet, isNested, isLoose }: { bullet: string; isNested: boolean; isLoose: boolean },
): string[] {
  let isFirst = true;
  return lines.flatMap((line) => {
    const item = /^- (\[.\] .* <!-- M1\/(T[\d.]+) -->)$/u.exec(line);
    if (!item) return [line];
    // A nested list that does not start with 1 would be text of the item above it, and four spaces could be code.
    const mayNest = isNested && !isFirst && bullet !== "10.";
    const indent = mayNest && item[2]?.includes(".") ? " ".repeat(bullet.length + 1) : "";
    isFirst = false;
    return [`${indent}${bullet} ${item[1]}`, ...(isLoose ? [""] : [])];
  });
}

type Edit = typeof edit extends fc.Arbitrary<infer T> ? T : never;

const isLineOf = (id: string | undefined) => (line: string) => line.endsWith(`<!-- M1/${id} -->`);

function perform(one: Edit, lines: readonly string[]): string[] {
  const at = lines.findIndex(isLineOf(IDS[one.index]));
  const line = lines[at] ?? "";
  const put = (...replacement: string[]) => lines.toSpliced(at, 1, ...replacement);
  switch (one.kind) {
    case "mark":
      return put(line.replace(/\[.\]/u, `[${one.mark}]`));
    case "title":
      return put(line.replace(/(\*\*T[\d.]+\*\* ).*( <!-- M1\/T[\d.]+ -->)$/, `$1theirs ${one.index}$2`));
    case "remove":
      return put();
    case "line":
      return put(line, `${one.indent}${one.bullet} [ ] added ${one.index}`);
    case "prose":
      return put(line, "", `Somebody wrote ${one.index}.`, "");
    case "swap": {
      const other = lines.findIndex((text, place) => place !== at && / <!-- M1\/T[\d.]+ -->$/.test(text));
      return other < 0 ? [...lines] : lines.with(at, lines[other] ?? "").with(other, line);
    }
  }
}

function expectKept(desk: Desk, one: Edit, before: Task | undefined, after: Task | undefined): void {
  const kept = (what: string) => desk.conflicts.includes(what);
  const id = IDS[one.index] ?? "";
  switch (one.kind) {
    case "mark": {
      const was = before?.state === "done" ? "x" : before?.state === "cancelled" ? "-" : " ";
      const mark = one.mark.toLowerCase();
      if (mark === was) return;
      const isSo =
        mark === "x"
          ? after?.state === "done"
          : mark === "-"
            ? after?.state === "cancelled"
            : mark === " "
              ? after?.state !== "done" && after?.state !== "cancelled"
              : // Somebody's own mark stands until the engine has one.
                desk.text.includes(`[~] **${id}**`) ||
                after?.state === "done" ||
                after?.state === "cancelled";
      expect(isSo || kept(`the mark of ${id} was changed`)).toBe(true);
      return;
    }
    case "title":
      expect(
        after?.title === `theirs ${one.index}` ||
          kept(`the title of ${id} was changed to "theirs ${one.index}"`),
      ).toBe(true);
      return;
    case "remove":
      expect(kept(`the line of ${id} was removed`)).toBe(true);
      return;
    case "line":
      expect(desk.suggestions.filter((text) => text === `added ${one.index}`)).toHaveLength(1);
      expect(desk.text).toMatch(new RegExp(`<!-- M1 suggested --> added ${one.index}\\r?\\n`));
      return;
    case "prose":
      expect(desk.text).toContain(`Somebody wrote ${one.index}.`);
      return;
    case "swap":
  }
}

async function emptied(store: Awaited<ReturnType<typeof temporaryStore>>): Promise<void> {
  const writes = store.list("").map(({ key }) => ({ key, value: null }));
  if (writes.length === 0) return;
  await store.commit({ actor: "test", snapshot: store.snapshot(), readKeys: [], readPrefixes: [], writes });
}
