import { afterEach, describe, expect, it } from "vitest";
import { byAgent, inOrder, pause, type Reply, type Script, ScriptedModel } from "../../harness/index.js";

let model: ScriptedModel | undefined;

afterEach(async () => {
  await model?.close();
  model = undefined;
});

async function start(script: Script, seed = 1): Promise<ScriptedModel> {
  model = await ScriptedModel.start({ script, seed });
  return model;
}

interface Question {
  readonly session?: string;
  readonly system?: string;
  readonly user?: string;
}

function ask(target: ScriptedModel, { session = "s1", system = "# Worker", user = "hello" }: Question = {}) {
  const messages = [
    { role: "system", content: system },
    { role: "user", content: user },
  ];
  return fetch(`${target.baseURL}/chat/completions`, {
    method: "POST",
    headers: { "x-session-id": session },
    body: JSON.stringify({ model: "m", stream: true, messages }),
    signal: AbortSignal.timeout(5_000),
  });
}

async function chunks(
  response: Response,
): Promise<{ choices: { delta: Record<string, unknown> }[]; usage?: object }[]> {
  const text = await response.text();
  expect(text.endsWith("data: [DONE]\n\n")).toBe(true);
  return text
    .split("\n\n")
    .filter((block) => block.startsWith("data: {"))
    .map((block) => JSON.parse(block.slice("data: ".length)));
}

async function contentOf(response: Response): Promise<string> {
  return (await chunks(response)).map((chunk) => chunk.choices[0]?.delta["content"] ?? "").join("");
}

describe("the scripted model", () => {
  it("streams text, then tool calls, then the usage it was told", async () => {
    const target = await start(() => ({
      text: "한글 😀 ".repeat(40),
      calls: [
        { name: "read", args: { filePath: "a" } },
        { name: "read", args: { filePath: "b" } },
      ],
      usage: { input: 100, output: 20, cachedInput: 60 },
    }));
    const answer = await chunks(await ask(target));
    const text = answer.map((chunk) => chunk.choices[0]?.delta["content"] ?? "").join("");
    expect(text).toBe("한글 😀 ".repeat(40));
    const calls = answer.flatMap((chunk) => chunk.choices[0]?.delta["tool_calls"] ?? []) as {
      index: number;
      function: { arguments: string };
    }[];
    const argumentsOf = (index: number) =>
      calls
        .filter((call) => call.index === index)
        .map((call) => call.function.arguments)
        .join("");
    expect([argumentsOf(0), argumentsOf(1)]).toEqual(['{"filePath":"a"}', '{"filePath":"b"}']);
    expect(answer.at(-1)?.usage).toMatchObject({
      prompt_tokens: 100,
      completion_tokens: 20,
      prompt_tokens_details: { cached_tokens: 60 },
    });
  });

  it("answers errors with their status and Retry-After", async () => {
    const target = await start(inOrder({ fail: 429, retryAfter: 7 }, { fail: 500, message: "down" }));
    const limited = await ask(target);
    expect([limited.status, limited.headers.get("retry-after")]).toEqual([429, "7"]);
    const broken = await ask(target);
    expect(broken.status).toBe(500);
    expect(await broken.text()).toContain("down");
  });

  it("sends the first part of a cut reply and then breaks the connection", async () => {
    const target = await start(() => ({ cut: { text: "only the beginning" } }));
    const response = await ask(target);
    const decoder = new TextDecoder();
    let received = "";
    const reading = (async () => {
      for await (const bytes of response.body as ReadableStream<Uint8Array>)
        received += decoder.decode(bytes);
    })();
    await expect(reading).rejects.toThrow();
    expect(received).toContain("only the beginning");
    expect(target.exchanges[0]?.outcome).toBe("cut");
  });

  it("records a request that hangs, and ends it on close", async () => {
    const target = await start(() => ({ hang: true }));
    const response = ask(target);
    response.catch(() => undefined);
    await target.waitFor((request) => request.lastUserText === "hello", { timeoutMs: 2_000 });
    expect(target.exchanges[0]?.outcome).toBe("pending");
    const startedAt = performance.now();
    await target.close();
    expect(performance.now() - startedAt).toBeLessThan(8_000);
    await expect(response).rejects.toThrow();
  });

  it("tells a script when the host gives up", async () => {
    let noticed = false;
    const target = await start(async (_request, { signal }) => {
      await pause(5_000, signal);
      noticed = signal.aborted;
      return { text: "too late" };
    });
    const giveUp = new AbortController();
    const response = fetch(`${target.baseURL}/chat/completions`, {
      method: "POST",
      body: JSON.stringify({ model: "m", stream: true, messages: [] }),
      signal: giveUp.signal,
    });
    response.catch(() => undefined);
    await target.waitFor(() => true, { timeoutMs: 2_000 });
    giveUp.abort();
    await target.waitForExchange(({ outcome }) => outcome === "aborted", { timeoutMs: 2_000 });
    expect(noticed).toBe(true);
  });

  it("gives the error of a script to whoever waits, and 400 to the host", async () => {
    const target = await start(() => {
      throw new Error("no such scene");
    });
    expect((await ask(target)).status).toBe(400);
    await expect(target.waitFor(() => false, { timeoutMs: 2_000 })).rejects.toThrow("no such scene");
    expect(() => target.assertNoScriptErrors()).toThrow("no such scene");
  });

  it("counts turns per conversation, and gives the same numbers for the same seed", async () => {
    const script: Script = (_request, { turn, random }) => ({ text: `${turn}:${random()}` });
    const play = async (seed: number) => {
      const target = await start(script, seed);
      const answers: string[] = [];
      for (const session of ["a", "b", "a"]) {
        answers.push(await contentOf(await ask(target, { session, user: `task of ${session}` })));
      }
      await target.close();
      return answers;
    };
    const first = await play(42);
    expect(first.map((answer) => answer.split(":")[0])).toEqual(["0", "0", "1"]);
    expect(await play(42)).toEqual(first);
    expect(await play(43)).not.toEqual(first);
  });

  it("plays each agent by the heading of its system prompt", async () => {
    const say = (text: string) => (): Reply => ({ text });
    const cast = { commander: say("I command"), worker: say("I work"), other: say("who?") };
    const target = await start(byAgent(cast));
    expect(await contentOf(await ask(target, { system: "# Commander\nYou…" }))).toBe("I command");
    expect(await contentOf(await ask(target, { system: "You…\n\n# Worker\n## Commander" }))).toBe("I work");
    expect(await contentOf(await ask(target, { system: "You are opencode" }))).toBe("who?");
  });

  it("answers titles by itself and keeps them out of the requests", async () => {
    const target = await start(() => ({ text: "a turn" }));
    const title = await contentOf(
      await ask(target, { system: "You are a title generator. You output ONLY …" }),
    );
    expect(title).toBe("Scripted session");
    expect(target.requests).toEqual([]);
    expect(target.exchanges[0]?.request.purpose).toBe("title");
  });
});
