import { type Hook, HookConfigurationError, PHASES, type Points } from "./hook.js";

/** What the order depends on. */
export type Ordered = Pick<Hook<Points>, "name" | "phase" | "priority" | "before" | "after">;

/**
 * The order in which hooks run: by phase; within a phase as `before` and `after` demand, then by priority, then as they
 * were given. Kahn's topological sort, which always takes the best of the hooks that nothing holds back, so that a
 * hook without constraints stays where its priority puts it.
 * @throws HookConfigurationError for a name that is taken twice, a constraint on an unknown name, one that contradicts the
 * phases, and a cycle, which the message spells out.
 */
export function orderHooks<One extends Ordered>(hooks: readonly One[]): One[] {
  const byName = new Map<string, One>();
  for (const hook of hooks) {
    if (byName.has(hook.name)) throw new HookConfigurationError(`two hooks are called ${hook.name}`);
    byName.set(hook.name, hook);
  }
  const earlier = predecessors(hooks, byName);
  return PHASES.flatMap((phase) =>
    sort(
      hooks.filter((hook) => phaseOf(hook) === phase),
      earlier,
    ),
  );
}

/** For each hook, the hooks of its phase that must have run before it. */
function predecessors<One extends Ordered>(hooks: readonly One[], byName: ReadonlyMap<string, One>) {
  const earlier = new Map<string, Set<string>>(hooks.map((hook) => [hook.name, new Set()]));
  const demand = (first: One, second: One) => {
    const difference = rank(first) - rank(second);
    if (difference > 0)
      throw new HookConfigurationError(
        `hook ${first.name} is to run before ${second.name}, and is of a later phase ` +
          `(${phaseOf(first)}, ${phaseOf(second)})`,
      );
    if (difference === 0) earlier.get(second.name)?.add(first.name);
  };
  for (const hook of hooks) {
    for (const name of hook.before ?? []) demand(hook, known(byName, name, hook));
    for (const name of hook.after ?? []) demand(known(byName, name, hook), hook);
  }
  return earlier;
}

function known<One extends Ordered>(byName: ReadonlyMap<string, One>, name: string, from: One): One {
  const hook = byName.get(name);
  if (!hook) throw new HookConfigurationError(`hook ${from.name} names ${name}, which is no hook`);
  return hook;
}

function sort<One extends Ordered>(hooks: readonly One[], earlier: ReadonlyMap<string, Set<string>>): One[] {
  // Array sorts are stable: equals stay as they were given.
  const waiting = hooks.toSorted((left, right) => (right.priority ?? 0) - (left.priority ?? 0));
  const done = new Set<string>();
  const order: One[] = [];
  while (waiting.length > 0) {
    const next = waiting.findIndex((hook) =>
      [...(earlier.get(hook.name) ?? [])].every((one) => done.has(one)),
    );
    if (next < 0) throw cycleError(waiting, earlier);
    for (const hook of waiting.splice(next, 1)) {
      done.add(hook.name);
      order.push(hook);
    }
  }
  return order;
}

/** Every hook that is left waits for another that is left: whoever follows them comes around. */
function cycleError(left: readonly Ordered[], earlier: ReadonlyMap<string, Set<string>>) {
  const names = new Set(left.map((hook) => hook.name));
  const path: string[] = [];
  let name = left[0]?.name ?? "";
  while (!path.includes(name)) {
    path.push(name);
    name = [...(earlier.get(name) ?? [])].find((one) => names.has(one)) ?? name;
  }
  // Followed backwards, told forwards.
  const cycle = [...path.slice(path.indexOf(name)), name].reverse();
  return new HookConfigurationError(`hooks wait for one another: ${cycle.join(" before ")}`, cycle);
}

function phaseOf(hook: Ordered) {
  return hook.phase ?? "normal";
}

function rank(hook: Ordered): number {
  return PHASES.indexOf(phaseOf(hook));
}
