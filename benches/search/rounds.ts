export interface Schedule {
  /** At most so many rounds. */
  readonly rounds: number;
  /** A task that has taken so long with all around it takes part no more, but never before its third round. */
  readonly budgetMs: number;
}

export interface Task {
  readonly name: string;
  /** Answers its own time in milliseconds. */
  run(): Promise<number>;
  /** Around each run. */
  readonly before?: () => Promise<void>;
  readonly after?: () => Promise<void>;
}

const FEWEST_ROUNDS = 3;

/**
 * Runs the tasks in turn, round after round without pauses, so that a slow moment of the machine meets all of them.
 * Every round begins with another task. Answers each task's times.
 */
export async function interleave(
  tasks: readonly Task[],
  { rounds, budgetMs }: Schedule,
): Promise<Map<string, number[]>> {
  const samples = new Map(tasks.map((task) => [task.name, [] as number[]]));
  const spent = new Map<Task, number>();
  for (let round = 0; round < rounds; round++) {
    const left = tasks.filter((task) => round < FEWEST_ROUNDS || (spent.get(task) ?? 0) < budgetMs);
    for (const task of rotate(left, round)) {
      const start = performance.now();
      await task.before?.();
      samples.get(task.name)?.push(await task.run());
      await task.after?.();
      spent.set(task, (spent.get(task) ?? 0) + performance.now() - start);
    }
  }
  return samples;
}

function rotate<T>(items: readonly T[], by: number): T[] {
  const first = by % Math.max(items.length, 1);
  return [...items.slice(first), ...items.slice(0, first)];
}
