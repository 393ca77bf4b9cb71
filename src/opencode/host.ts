import type { PluginInput } from "@opencode-ai/plugin";
import type { AssistantMessage, Message } from "@opencode-ai/sdk";
import type { Host, Log, Notice, Prompt, SessionRequest, TokenUse, Turn } from "../ports/index.js";
import { classify } from "./failures.js";
import { hostId } from "./ids.js";

type Client = PluginInput["client"];

/** A call to OpenCode's server that did not succeed. */
export class HostError extends Error {
  override readonly name = "HostError";
  readonly code = "ERR_HOST";
  readonly status: number | undefined;

  constructor(call: string, status: number | undefined, detail: unknown) {
    super(`OpenCode refused ${call}${status ? ` (${status})` : ""}: ${describe(detail)}`);
    this.status = status;
  }
}

/** Messages that a look at a turn reads at first, and at most: a turn can have hundreds of steps. */
const WINDOW = 60;
const WIDE_WINDOW = 2_000;

/**
 * OpenCode, version 1, as the engine's host. Never call it while the plugin is being initialised: the request would wait
 * for the instance that waits for the plugin.
 */
export class OpenCodeHost implements Host {
  readonly #client: Client;
  readonly #directory: string;
  readonly #log: Log;
  /** Errors of sessions that have no message to show them on, such as an unknown model. */
  readonly #sessionErrors = new Map<string, string>();
  /** What each session has asked the user and has no answer to. */
  readonly #questions = new Map<string, Set<string>>();
  /** The message that each session was last prompted with by this process. */
  readonly #prompted = new Map<string, string>();

  /** The host's name of an agent of ours. */
  readonly #agentName: (agent: string) => string;

  constructor(
    input: Pick<PluginInput, "client" | "directory">,
    log: Log,
    agentName: (agent: string) => string,
  ) {
    this.#client = input.client;
    this.#directory = input.directory;
    this.#log = log;
    this.#agentName = agentName;
  }

  messageIds(): { messageId: string; partId: string } {
    const now = Date.now();
    return { messageId: hostId("msg", now), partId: hostId("prt", now) };
  }

  async createSession(request: SessionRequest): Promise<string> {
    const answer = await this.#client.session.create({
      query: { directory: this.#directory },
      body: {
        parentID: request.parent,
        title: request.title,
        // The host copies none of the parent's rules: what the user's session may not do, its agents may not either.
        ...{ permission: [...(await this.#limitsOf(request.parent)), ...denies(request.denied ?? [])] },
      },
    });
    if (!answer.data) throw new HostError("a new session", answer.response?.status, answer.error);
    return answer.data.id;
  }

  async hasSession(session: string): Promise<boolean> {
    const answer = await this.#client.session.get(this.#at(session));
    if (answer.data) return true;
    if (answer.response?.status === 404 || answer.response?.status === 400) return false;
    throw new HostError("a look at a session", answer.response?.status, answer.error);
  }

  async prompt(prompt: Prompt): Promise<void> {
    this.#prompted.set(prompt.session, prompt.messageId);
    this.#sessionErrors.delete(prompt.session);
    const { providerID, modelID, variant } = prompt.model ?? {};
    const answer = await this.#client.session.promptAsync({
      ...this.#at(prompt.session),
      body: {
        messageID: prompt.messageId,
        agent: this.#agentName(prompt.agent),
        ...(providerID && modelID && { model: { providerID, modelID } }),
        ...(variant && { variant }),
        // Both ids are ours: the host stores a repeated message once, but appends parts without an id.
        parts: [{ id: prompt.partId, type: "text", text: prompt.text }],
      },
    });
    if (answer.error) throw new HostError("a prompt", answer.response?.status, answer.error);
  }

  async turn(session: string, messageId: string): Promise<Turn> {
    if (await this.#isBusy(session)) return this.#running(session);
    const turn = await this.#idleTurn(session, messageId);
    // A session that has begun to work between the two looks is not an interrupted one.
    return turn.state !== "ended" && (await this.#isBusy(session)) ? this.#running(session) : turn;
  }

  #running(session: string): Turn {
    return { state: "running", waiting: this.isAsking(session) };
  }

  async abort(session: string): Promise<void> {
    const answer = await this.#client.session.abort(this.#at(session));
    if (answer.error && answer.response?.status !== 404)
      this.#log.warn("session.abort", { session, error: describe(answer.error) });
  }

  async notify(notice: Notice): Promise<void> {
    try {
      await this.#client.tui.showToast({ query: { directory: this.#directory }, body: { ...notice } });
    } catch (error) {
      this.#log.warn("notice", { error: describe(error) });
    }
  }

  /** To be called with the host's `session.error` events. */
  sessionFailed(session: string, message: string): void {
    if (this.#prompted.has(session)) this.#sessionErrors.set(session, message);
  }

  /** To be called when a session asks the user something: a permission, or a question of the model. */
  sessionAsks(session: string, question: string): void {
    const questions = this.#questions.get(session) ?? new Set();
    this.#questions.set(session, questions.add(question));
  }

  /** To be called when the user has answered, or would not. */
  sessionAnswered(session: string, question: string): void {
    const questions = this.#questions.get(session);
    questions?.delete(question);
    if (questions?.size === 0) this.#questions.delete(session);
  }

  /** Whether a session waits for an answer of the user. */
  isAsking(session: string): boolean {
    return (this.#questions.get(session)?.size ?? 0) > 0;
  }

  /** To be called when the host has deleted a session. */
  sessionDeleted(session: string): void {
    this.#questions.delete(session);
    this.#prompted.delete(session);
    this.#sessionErrors.delete(session);
  }

  async #isBusy(session: string): Promise<boolean> {
    const status = await this.#client.session.status({ query: { directory: this.#directory } });
    if (!status.data) throw new HostError("the sessions' status", status.response?.status, status.error);
    return (status.data[session]?.type ?? "idle") !== "idle";
  }

  async #idleTurn(session: string, messageId: string): Promise<Turn> {
    const since = await this.#messagesSince(session, messageId);
    if (!since) return this.#failedTurn(session, messageId) ?? { state: "missing" };
    const answers = since.filter((one): one is AssistantMessage => one.role === "assistant" && !one.summary);
    const last = answers.at(-1);
    if (!last) return this.#failedTurn(session, messageId) ?? { state: "unanswered" };
    const use = totalUse(answers);
    if (last.error) return { state: "ended", use, failure: classify(last.error) };
    const complete = last.finish !== undefined && last.finish !== "tool-calls" && last.finish !== "unknown";
    return { state: complete ? "ended" : "interrupted", use };
  }

  /** The rules of a session that take something away, as a child of it needs them. */
  async #limitsOf(session: string): Promise<unknown[]> {
    const answer = await this.#client.session.get(this.#at(session));
    const rules = (answer.data as { permission?: unknown } | undefined)?.permission;
    if (!Array.isArray(rules)) return [];
    return rules.filter(
      (rule: { action?: unknown; permission?: unknown }) =>
        rule.action === "deny" || rule.permission === "external_directory",
    );
  }

  #at(session: string) {
    return { path: { id: session }, query: { directory: this.#directory } };
  }

  /**
   * What followed the message in its session; undefined when the session does not have it. All that follows counts as
   * its answer: after a compaction the host hangs the rest of a turn below a message of its own.
   */
  async #messagesSince(session: string, messageId: string): Promise<Message[] | undefined> {
    for (const limit of [WINDOW, WIDE_WINDOW]) {
      const answer = await this.#client.session.messages({
        path: { id: session },
        query: { directory: this.#directory, limit },
      });
      if (!answer.data) throw new HostError("a session's messages", answer.response?.status, answer.error);
      const messages = answer.data.map((one) => one.info);
      const at = messages.findIndex((one) => one.id === messageId);
      if (at >= 0) return messages.slice(at + 1);
      if (messages.length < limit || !(await this.#hasMessage(session, messageId))) return undefined;
    }
    throw new HostError("a look at a turn", undefined, `more than ${WIDE_WINDOW} messages followed it`);
  }

  async #hasMessage(session: string, messageId: string): Promise<boolean> {
    const answer = await this.#client.session.message({
      path: { id: session, messageID: messageId },
      query: { directory: this.#directory },
    });
    return answer.data !== undefined;
  }

  #failedTurn(session: string, messageId: string): Turn | undefined {
    const message = this.#prompted.get(session) === messageId ? this.#sessionErrors.get(session) : undefined;
    if (message === undefined) return undefined;
    return { state: "ended", use: totalUse([]), failure: { kind: "permanent", message } };
  }
}

/** Rules that take tools away from a session. */
function denies(tools: readonly string[]): unknown[] {
  return tools.map((tool) => ({ permission: tool, pattern: "*", action: "deny" }));
}

function totalUse(answers: readonly AssistantMessage[]): TokenUse {
  const uses = answers.map(useOf);
  const sum = (pick: (one: TokenUse) => number) => uses.reduce((all, one) => all + pick(one), 0);
  return {
    input: sum((one) => one.input),
    output: sum((one) => one.output),
    cacheRead: sum((one) => one.cacheRead),
    cost: sum((one) => one.cost),
  };
}

/** What the model call behind a message has used. */
export function useOf({ tokens, cost }: Pick<AssistantMessage, "tokens" | "cost">): TokenUse {
  return {
    input: tokens.input + tokens.cache.write,
    output: tokens.output + tokens.reasoning,
    cacheRead: tokens.cache.read,
    cost,
  };
}

function describe(detail: unknown): string {
  if (detail instanceof Error) return detail.message;
  return typeof detail === "string" ? detail : JSON.stringify(detail ?? "no answer");
}
