import * as fc from "fast-check";

/** Generated configurations: JSON values, written with comments, odd spacing, trailing commas and other line ends. */
export interface Configuration {
  readonly text: string;
  /** How many entries of ours it has. */
  readonly ours: number;
}

/** Specs of plugins that are not ours, some of which look like it. */
const foreign = fc.constantFrom(
  "other-plugin",
  "@scope/opencode-orchestrator",
  "opencode-orchestrator-theme@1.0.0",
  "file:///elsewhere/plugin.js",
  "./local.js",
  "a,b]}//",
);
const ours = fc.constantFrom(
  "opencode-orchestrator",
  "opencode-orchestrator@latest",
  "opencode-orchestrator@0.0.9",
  "file:///gone/opencode-orchestrator/dist/server.js",
);

const value: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.constantFrom(null, true, false, 0, -1.5e3, "", "//", "/* */", "é\u{1F600}", 'a"b\\c', ",]}"),
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom("a", "model", "plugin", "plugins", "$schema", "p,]"), tie("value"), {
      maxKeys: 3,
    }),
  ),
})).value;

const options = fc.option(fc.constant({ slots: { worker: 2 }, searchTools: false }), { nil: undefined });
const entry = (spec: fc.Arbitrary<string>) =>
  fc.tuple(spec, options).map(([name, more]) => (more === undefined ? name : [name, more]));

interface Shape {
  readonly others: [string, unknown][];
  readonly plugins: { readonly value: unknown; readonly ours: boolean }[] | undefined;
  /** Where `plugin` stands among the properties. */
  readonly at: number;
}

function shape(withOurs: boolean): fc.Arbitrary<Shape> {
  const others = fc.uniqueArray(
    fc.tuple(fc.constantFrom("$schema", "model", "provider", "agent", "é", "Plugin"), value),
    {
      selector: ([name]) => name,
      maxLength: 4,
    },
  );
  const one = fc.oneof(
    { arbitrary: entry(foreign).map((spec) => ({ value: spec as unknown, ours: false })), weight: 3 },
    ...(withOurs ? [entry(ours).map((spec) => ({ value: spec as unknown, ours: true }))] : []),
  );
  const plugins = fc.option(fc.array(one, { maxLength: 4 }), { nil: undefined });
  return fc.record({ others, plugins, at: fc.nat(4) });
}

const eols = fc.constantFrom("\n", "\r\n");

/** A text of the shape. The dice decide what stands between the tokens. */
function written({ others, plugins, at }: Shape, eol: string, indent: string, dice: () => number): string {
  const gap = () =>
    ["", "", " ", "  ", "\t", eol, eol + indent, `/* c,"]} */`, ` // "x", ]}${eol}`][dice() % 9] ?? "";
  const neat = dice() % 2 === 0;
  const list = (open: string, close: string, items: string[], depth: number): string => {
    if (items.length === 0) return open + (neat ? "" : gap()) + close;
    const comma = dice() % 3 === 0 ? "," : "";
    if (neat) {
      const inside = eol + indent.repeat(depth + 1);
      const note = () => (dice() % 4 === 0 ? " // why, so" : "");
      const lines = items.map(
        (item, index) => inside + item + (index < items.length - 1 ? "," : comma) + note(),
      );
      return `${open}${lines.join("")}${eol}${indent.repeat(depth)}${close}`;
    }
    const inner = items.map((item) => gap() + item + gap()).join(",");
    return open + inner + (comma && comma + gap()) + close;
  };
  const json = (any: unknown, depth: number): string => {
    if (Array.isArray(any))
      return list(
        "[",
        "]",
        any.map((one) => json(one, depth + 1)),
        depth,
      );
    if (typeof any === "object" && any !== null) return object(Object.entries(any), depth);
    return JSON.stringify(any);
  };
  const object = (entries: [string, unknown][], depth: number): string =>
    list(
      "{",
      "}",
      entries.map(
        ([name, one]) =>
          `${JSON.stringify(name)}${neat ? "" : gap()}:${neat ? " " : gap()}${json(one, depth + 1)}`,
      ),
      depth,
    );
  const entries = [...others];
  if (plugins) entries.splice(Math.min(at, entries.length), 0, ["plugin", plugins.map((one) => one.value)]);
  return gap() + object(entries, 0) + (neat ? eol : gap());
}

/** Configurations; `withOurs`: some list the plugin already. */
export function configurations(withOurs: boolean): fc.Arbitrary<Configuration> {
  return fc
    .record({
      shape: shape(withOurs),
      eol: eols,
      indent: fc.constantFrom("  ", "    ", "\t"),
      mark: fc.constantFrom("", "", "", "\uFEFF"),
      dice: fc.infiniteStream(fc.nat(1_000)),
    })
    .map(({ shape: one, eol, indent, mark, dice }) => ({
      text: mark + written(one, eol, indent, () => dice.next().value ?? 0),
      ours: one.plugins?.filter((plugin) => plugin.ours).length ?? 0,
    }));
}
