import * as z from "zod";
import type { Store } from "../ports/index.js";
import { type TransactPorts, transact } from "../state/index.js";

/**
 * What somebody outside of the engine (the terminal UI, the command line) wants of a mission: a record in the store, which
 * the process that runs the mission carries out and answers in one commit, so that it counts once or not at all.
 */

export const ACTIONS = ["pause", "resume", "retry", "stop"] as const;
export type Action = (typeof ACTIONS)[number];

export const requestSchema = z.strictObject({
  id: z.string(),
  mission: z.string(),
  action: z.enum(ACTIONS),
  /** The task to retry. */
  task: z.string().optional(),
  askedMs: z.number(),
  /** Absent until it is answered. */
  answer: z.strictObject({ done: z.boolean(), message: z.string() }).optional(),
});
export type Request = z.infer<typeof requestSchema>;
export type Answer = NonNullable<Request["answer"]>;

export const requestKey = {
  all: "request/",
  of: (mission: string, id: string) => `request/${mission}/${id}`,
} as const;

/** How long a request can be taken up. Who asked is told by then, and nothing of it happens later. */
export const REQUEST_TTL_MS = 20_000;
const LOOK_EVERY_MS = 50;

/** The requests in the store; what is no request is left out. */
export function listRequests(store: Store): Request[] {
  return store.list(requestKey.all).flatMap((entry) => {
    const parsed = requestSchema.safeParse(entry.value);
    return parsed.success ? [parsed.data] : [];
  });
}

/**
 * Asks for something and waits for the answer. One that nobody took up in time is withdrawn: it will not happen.
 * @throws the signal's reason when aborted; the request is withdrawn then, too.
 */
export async function askEngine(
  ports: TransactPorts,
  wanted: Pick<Request, "mission" | "action" | "task">,
  signal?: AbortSignal,
): Promise<Answer> {
  const { store, clock, random } = ports;
  const askedMs = clock.now();
  const id = `${askedMs.toString(36)}-${Math.floor(random.next() * 2 ** 32).toString(36)}`;
  const key = requestKey.of(wanted.mission, id);
  const context = { actor: "user", mission: wanted.mission };
  await transact(ports, context, (transaction) => transaction.put(key, { ...wanted, id, askedMs }));
  const withdrawn = () =>
    transact(ports, context, (transaction) => {
      const stored = requestSchema.safeParse(transaction.get(key)).data;
      transaction.delete(key);
      return stored?.answer;
    });
  try {
    while (clock.now() - askedMs < REQUEST_TTL_MS && !isAnswered(store.get(key)?.value))
      await clock.sleep(LOOK_EVERY_MS, signal);
  } catch (error) {
    await withdrawn();
    throw error;
  }
  // An answer that came at the last moment counts; after this commit none can come any more.
  const answer = await withdrawn();
  return (
    answer ?? { done: false, message: `no OpenCode runs mission ${wanted.mission}: start it in the project` }
  );
}

function isAnswered(value: unknown): boolean {
  return requestSchema.safeParse(value).data?.answer !== undefined;
}
