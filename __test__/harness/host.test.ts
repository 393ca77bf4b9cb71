import { access, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  createProject,
  inOrder,
  OpenCodeHost,
  type Project,
  type Script,
  ScriptedModel,
  waitUntil,
} from "../../harness/index.js";

const WAIT = { timeoutMs: 30_000 };

/** The script of each test, found by the first word of the user's text: one host serves them all. */
const scenes = new Map<string, Script>();
let model: ScriptedModel;
let host: OpenCodeHost;
let project: Project;

beforeAll(async () => {
  const script: Script = (request, context) => {
    const scene = scenes.get(request.userTexts[0]?.split(" ")[0] ?? "");
    if (!scene) throw new Error(`no scene for ${JSON.stringify(request.userTexts)}`);
    return scene(request, context);
  };
  model = await ScriptedModel.start({ script });
  host = await OpenCodeHost.serve({ model: { baseURL: model.baseURL }, config: { snapshot: false } });
}, 90_000);

afterAll(async () => {
  await host?.[Symbol.asyncDispose]();
  await model?.close();
});

beforeEach(async () => {
  project = await createProject();
});

afterEach(async () => {
  await project[Symbol.asyncDispose]();
});

async function newSession(directory = project.directory): Promise<string> {
  const { data } = await host
    .client(directory)
    .session.create({ body: { title: "test" }, throwOnError: true });
  return data.id;
}

/** Sends a prompt and waits for the end of the turn. */
async function prompt(text: string, session?: string, directory = project.directory) {
  const { data } = await host.client(directory).session.prompt({
    path: { id: session ?? (await newSession(directory)) },
    body: { parts: [{ type: "text", text }] },
    throwOnError: true,
  });
  return data;
}

function textOf({ parts }: { parts: readonly { type: string; text?: string }[] }): string {
  return parts
    .filter((part) => part.type === "text")
    .map((part) => part.text ?? "")
    .join("");
}

describe("the harness, with the real host", { timeout: 60_000 }, () => {
  it("brings a scripted reply to the session", async () => {
    scenes.set("greet", (request) => ({
      text: `You said: ${request.lastUserText}`,
      usage: { input: 11, output: 3 },
    }));
    const answer = await prompt("greet me");
    expect(textOf(answer)).toBe("You said: greet me");
    expect(answer.info.tokens).toMatchObject({ input: 11, output: 3 });
  });

  it("lets the host's own tools act", async () => {
    scenes.set(
      "write-file",
      inOrder(
        { calls: [{ name: "write", args: { filePath: project.path("made.txt"), content: "by a tool\n" } }] },
        (request) => ({ text: `the tool said: ${request.freshToolResults[0]?.output}` }),
      ),
    );
    const answer = await prompt("write-file please");
    expect(await readFile(project.path("made.txt"), "utf8")).toBe("by a tool\n");
    expect(textOf(answer)).toMatch(/^the tool said: .*success/);
  });

  it("sees the host retry after 429, no sooner than Retry-After says", async () => {
    scenes.set("limited", inOrder({ fail: 429, retryAfter: 3 }, { text: "second try" }));
    const session = await newSession();
    const answer = await prompt("limited call", session);
    expect(textOf(answer)).toBe("second try");
    const [first, second] = model.requests.filter((request) => request.conversationKey === session);
    expect((second?.arrivedAt ?? 0) - (first?.arrivedAt ?? 0)).toBeGreaterThanOrEqual(2_900);
  });

  it("sees what the host makes of a stream that breaks off", async () => {
    scenes.set("cut", inOrder({ cut: { text: "half a sen" } }, { text: "a whole sentence" }));
    const session = await newSession();
    await using events = await host.events(project.directory);
    await prompt("cut off", session);
    await events.waitFor((event) => event.type === "session.idle" && event.properties.sessionID === session, {
      what: "the session to be idle",
      ...WAIT,
    });
    const outcomes = model.exchanges
      .filter(({ request }) => request.conversationKey === session && request.purpose === "turn")
      .map(({ outcome }) => outcome);
    expect(outcomes[0]).toBe("cut");
    expect(outcomes.slice(1)).toEqual(["answered"]);
  });

  it("can abort a session whose model hangs", async () => {
    scenes.set("hang", () => ({ hang: true, text: "thinking" }));
    const client = host.client(project.directory);
    const session = await newSession();
    await client.session.promptAsync({
      path: { id: session },
      body: { parts: [{ type: "text", text: "hang now" }] },
      throwOnError: true,
    });
    await model.waitFor((request) => request.conversationKey === session, WAIT);
    await client.session.abort({ path: { id: session }, throwOnError: true });
    const mine = ({ request }: { request: { conversationKey: string } }) =>
      request.conversationKey === session;
    await model.waitForExchange((exchange) => mine(exchange) && exchange.outcome === "aborted", WAIT);
    const { data: messages } = await client.session.messages({ path: { id: session }, throwOnError: true });
    const last = messages.at(-1)?.info;
    expect(last?.role === "assistant" && last.error?.name).toBe("MessageAbortedError");
  });

  it("shows the model that its tool call was malformed", async () => {
    scenes.set(
      "malformed",
      inOrder({ malformedCall: { name: "write", argumentsText: '{"filePath": "a' } }, (request) => ({
        text: String(request.freshToolResults[0]?.output),
      })),
    );
    expect(textOf(await prompt("malformed call"))).toMatch(/invalid/i);
  });

  it("keeps two directories on one server apart", async () => {
    scenes.set("where", (request) => ({ text: /Working directory: (\S+)/.exec(request.system)?.[1] ?? "?" }));
    await using other = await createProject();
    const answers = await Promise.all([
      prompt("where am I"),
      prompt("where am I", undefined, other.directory),
    ]);
    expect(answers.map(textOf)).toEqual([project.directory, other.directory]);
  });

  it("serves 20 sessions at once", async () => {
    let together = 0;
    let most = 0;
    scenes.set("crowd", async (request) => {
      together += 1;
      most = Math.max(most, together);
      await waitUntil(() => most >= 20, { what: "20 requests at the same time", ...WAIT });
      together -= 1;
      return { text: `answer to ${request.lastUserText}` };
    });
    const names = Array.from({ length: 20 }, (_, index) => `crowd ${index}`);
    const answers = await Promise.all(names.map((name) => prompt(name)));
    expect(answers.map(textOf)).toEqual(names.map((name) => `answer to ${name}`));
    expect(most).toBe(20);
  });

  it("runs one-shot commands", async () => {
    scenes.set("oneshot", () => ({ text: "done once" }));
    const result = await host.run(["run", "oneshot"], { directory: project.directory, ...WAIT });
    expect(result).toMatchObject({ code: 0, timedOut: false });
    expect(result.stdout).toContain("done once");
  });

  it("kills a one-shot command that takes too long", async () => {
    scenes.set("endless", () => ({ hang: true }));
    const result = await host.run(["run", "endless"], { directory: project.directory, timeoutMs: 1_000 });
    expect(result).toMatchObject({ signal: "SIGKILL", timedOut: true });
  });
});

describe("a host of its own", { timeout: 90_000 }, () => {
  it("keeps its sessions over kill -9 and a restart on the same home", async () => {
    const options = { model: { baseURL: model.baseURL }, config: { snapshot: false } };
    await using first = await OpenCodeHost.serve(options);
    const client = first.client(project.directory);
    const { data: created } = await client.session.create({
      body: { title: "survivor" },
      throwOnError: true,
    });
    await using events = await first.events(project.directory);
    expect(await first.kill()).toEqual({ code: null, signal: "SIGKILL" });
    await waitUntil(() => events.ended, { what: "the event stream to end", ...WAIT });

    await using second = await OpenCodeHost.serve({ home: first.home });
    const { data: found } = await second
      .client(project.directory)
      .session.get({ path: { id: created.id }, throwOnError: true });
    expect(found.title).toBe("survivor");
    expect(second.pid).not.toBe(first.pid);
  });

  it("fails with the end of its log when the host does not start", async () => {
    const blocked = project.path("not-a-directory");
    await writeFile(blocked, "");
    const serving = OpenCodeHost.serve({
      model: { baseURL: model.baseURL },
      env: { XDG_DATA_HOME: blocked },
    });
    await expect(serving).rejects.toThrow(/OpenCode did not start: .*\n[\s\S]*not-a-directory/);
  });

  it("removes a home that it made", async () => {
    let directory: string;
    {
      await using temporary = await OpenCodeHost.serve({ model: { baseURL: model.baseURL } });
      directory = temporary.home.directory;
      await access(join(directory, "config", "opencode", "opencode.json"));
    }
    await expect(access(directory)).rejects.toThrow("ENOENT");
  });
});
