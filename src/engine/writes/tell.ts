import type { Role, Stray, Task } from "../../mission/index.js";
import type { WorkTree } from "../../ports/index.js";

const MAX_NAMED = 20;

/** What an agent is told at the end of a call that changed files outside of its write set. */
export function tellStrays(tree: WorkTree, task: Task, strays: readonly Stray[], role: Role): string {
  const sole = strays.filter((stray) => stray.sole);
  const shared = strays.filter((stray) => !stray.sole);
  const scope =
    role === "worker"
      ? `outside the write set of task ${task.id} (${task.writes.join(", ") || "nothing"})`
      : "though a Reviewer changes nothing";
  return [
    ...(sole.length > 0
      ? [`This call changed files ${scope}:`, ...lines(sole), ...wayOut(tree, sole, role)]
      : []),
    ...(shared.length > 0
      ? [
          `While this call ran, these files changed, ${scope}. It was this call or another one that ran at the same time:`,
          ...lines(shared),
          "If it was you, put them back; if not, leave them as they are. The mission is not sealed while they differ.",
          ...restore(tree, shared),
        ]
      : []),
  ].join("\n");
}

/** The findings that send a task back to its Worker. */
export function strayFindings(tree: WorkTree, task: Task, strays: readonly Stray[]): string[] {
  return [
    [
      `changed outside the write set (${task.writes.join(", ") || "nothing"}):`,
      ...lines(strays),
      ...wayOut(tree, strays, "worker"),
    ].join("\n"),
  ];
}

function wayOut(tree: WorkTree, strays: readonly Stray[], role: Role): string[] {
  return [
    "Put them back as they were:",
    ...restore(tree, strays),
    role === "worker"
      ? "If the task needs them, ask for them with task_widen. If it was not you who changed them, leave them as they " +
        "are, report the task as blocked, and say so: until they are back or in the write set, it is not accepted."
      : "If it was not you, leave them and say so in your findings.",
  ];
}

function restore(tree: WorkTree, strays: readonly Stray[]): string[] {
  const named = strays.slice(0, MAX_NAMED);
  return [...new Set(named.map((stray) => stray.from))].map((state) =>
    tree.howToRestore(
      state,
      named.filter((stray) => stray.from === state),
    ),
  );
}

function lines(strays: readonly Stray[]): string[] {
  const named = strays
    .slice(0, MAX_NAMED)
    .map(({ path, kind }) => `- ${kind} ${JSON.stringify(path).slice(1, -1)}`);
  return strays.length > MAX_NAMED ? [...named, `- and ${strays.length - MAX_NAMED} more`] : named;
}
