import type { OpencodeClient, PermissionRequest, QuestionRequest } from "@opencode-ai/sdk/v2";
import { pause } from "../index.js";
import type { Keyboard } from "./keyboard.js";
import { plain } from "./palette.js";
import type { Timeline } from "./timeline.js";

/** Something that OpenCode asks the person, with a key for each answer. */
interface Asked {
  readonly id: string;
  readonly who: string;
  /** What is asked, whole: nobody can allow what they have not seen. */
  readonly text: string;
  readonly answers: ReadonlyMap<string, { readonly label: string; readonly send: () => Promise<unknown> }>;
  readonly reject: () => Promise<unknown>;
}

export interface QuestionPorts {
  readonly client: OpencodeClient;
  readonly timeline: Timeline;
  /** Undefined: nobody can answer, and everything is rejected. */
  readonly keyboard: Keyboard | undefined;
  readonly say: (line: string) => void;
}

const LOOK_MS = 300;

/** Brings OpenCode's permission and other questions to the terminal, one at a time, and the answers back. */
export class Questions {
  readonly #ports: QuestionPorts;
  #shown = "";

  constructor(ports: QuestionPorts) {
    this.#ports = ports;
  }

  /** One line about the question that waits for a key; empty when there is none. */
  get shown(): string {
    return this.#shown;
  }

  /** Answers questions until the signal comes. A look that fails is repeated: the host may be about to end. */
  async serve(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const asked = await this.#pending().catch(() => undefined);
      if (asked)
        await this.#settle(asked, signal).catch((error) => this.#ports.say(`The answer was lost: ${error}`));
      else await pause(LOOK_MS, signal);
    }
  }

  async #settle(asked: Asked, signal: AbortSignal): Promise<void> {
    const { keyboard, say } = this.#ports;
    if (!keyboard) {
      await asked.reject();
      say(`${asked.who} ${asked.text}\n  Rejected: there is no terminal to ask at.`);
      return;
    }
    say(`${asked.who} ${asked.text}`);
    const keys = [...asked.answers].map(([key, { label }]) => `[${key}] ${label}`);
    this.#shown = `${asked.who} waits for your answer:  ${keys.join("   ")}`;
    // Answered elsewhere, for example in a terminal UI on the same host: stop asking.
    const gone = new AbortController();
    const still = this.#watch(asked.id, gone, signal);
    const key = await keyboard.press(asked.answers.keys(), AbortSignal.any([signal, gone.signal]));
    gone.abort();
    await still;
    this.#shown = "";
    const answer = key === undefined ? undefined : asked.answers.get(key);
    if (!answer) return;
    await answer.send();
    say(`  Your answer: ${answer.label}`);
  }

  async #watch(id: string, gone: AbortController, signal: AbortSignal): Promise<void> {
    while (!gone.signal.aborted && !signal.aborted) {
      await pause(LOOK_MS, AbortSignal.any([gone.signal, signal]));
      const pending = await this.#all().catch(() => undefined);
      if (pending && !pending.some((asked) => asked.id === id)) gone.abort();
    }
  }

  async #pending(): Promise<Asked | undefined> {
    return (await this.#all())[0];
  }

  async #all(): Promise<Asked[]> {
    const { client } = this.#ports;
    const [permissions, questions] = await Promise.all([
      client.permission.list({}, { throwOnError: true }),
      client.question.list({}, { throwOnError: true }),
    ]);
    return [
      ...permissions.data.map((request) => this.#permission(request)),
      ...questions.data.flatMap((request) => this.#question(request)),
    ];
  }

  #permission({ id, sessionID, permission, patterns }: PermissionRequest): Asked {
    const reply = (reply: "once" | "always" | "reject") => () =>
      this.#ports.client.permission.reply({ requestID: id, reply }, { throwOnError: true });
    return {
      id,
      who: this.#who(sessionID),
      text: `asks for permission: ${permission}${patterns.map((pattern) => `\n  ${plain(pattern)}`).join("")}`,
      answers: new Map([
        ["y", { label: "once", send: reply("once") }],
        ["a", { label: "always", send: reply("always") }],
        ["n", { label: "reject", send: reply("reject") }],
      ]),
      reject: reply("reject"),
    };
  }

  /** Only what one key can answer; a form of several questions is for OpenCode's own interface. */
  #question({ id, sessionID, questions }: QuestionRequest): Asked[] {
    const { client } = this.#ports;
    const reject = () => client.question.reject({ requestID: id }, { throwOnError: true });
    const first = questions[0];
    const options = questions.length === 1 ? (first?.options ?? []).slice(0, 9) : [];
    const choices = options.map(({ label: full }, index) => {
      const label = plain(full);
      const send = () => client.question.reply({ requestID: id, answers: [[full]] }, { throwOnError: true });
      return [String(index + 1), { label, send }] as const;
    });
    const text = questions.map(({ question }) => `\n  ${plain(question)}`).join("");
    return [
      {
        id,
        who: this.#who(sessionID),
        text: `asks:${text}`,
        answers: new Map([...choices, ["n", { label: "no answer", send: reject }]]),
        reject,
      },
    ];
  }

  #who(session: string): string {
    const { tasks, mission } = this.#ports.timeline;
    if (session === mission?.rootSession) return "The Commander";
    if (session === mission?.planSession) return "The Planner";
    for (const { task } of tasks) {
      if (task.workSession === session) return `The Worker of ${task.id}`;
      if (task.reviewSession === session) return `The Reviewer of ${task.id}`;
    }
    return "An agent";
  }
}
