/**
 * What the registry of hooks adds to each event of the host: the plugin's way through it beside the same functions
 * called one after another, taking turns. Usage: npm run bench:hooks [rounds]
 */
import { type Hook, HookRegistry } from "../src/hooks/index.js";

const rounds = Number(process.argv[2] ?? 60);
/** Events in one round. */
const EVENTS = 20_000;

type Points = { readonly event: readonly [number] };

let seen = 0;
const count = (value: number): void => {
  seen += value;
};
/** As many as the plugin has at its busiest point. */
const functions = [count, count, count];
const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
const registry = new HookRegistry<Points>(
  functions.map((run, index): Hook<Points> => ({ name: `hook${index}`, on: { event: run } })),
  { log, elapsed: () => performance.now(), onDisabled: () => undefined },
);

async function direct(event: number): Promise<void> {
  for (const run of functions) {
    const running: unknown = run(event);
    if (running) await running;
  }
}

async function time(call: (event: number) => Promise<void>): Promise<number> {
  const begin = performance.now();
  for (let event = 0; event < EVENTS; event++) await call(event);
  return ((performance.now() - begin) * 1_000) / EVENTS;
}

const median = (values: number[]) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

const directly: number[] = [];
const registered: number[] = [];
for (let round = 0; round < rounds; round++) {
  directly.push(await time(direct));
  registered.push(await time((event) => registry.run("event", event)));
}
const [plain, through] = [median(directly), median(registered)];
process.stdout.write(
  `| ${functions.length} hooks, one event | median µs |\n|---|---|\n| called directly | ${plain.toFixed(2)} |\n` +
    `| through the registry | ${through.toFixed(2)} |\n| added for each hook | ${((through - plain) / functions.length).toFixed(2)} |\n` +
    `(${rounds} rounds of ${EVENTS} events; ${seen > 0 ? "all were seen" : "none was seen"})\n`,
);
