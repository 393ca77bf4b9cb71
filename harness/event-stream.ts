import { type WaitOptions, waitUntil } from "./wait-until.js";

/** An event of the host. The SDK's own type lacks several that the host sends. */
export interface HostEvent {
  readonly id?: string;
  readonly type: string;
  readonly properties: Readonly<Record<string, unknown>> & { readonly sessionID?: string };
}

/**
 * The events of one project directory since the stream was opened.
 *
 * Every event is kept, so a wait cannot miss one that came before it. Iteration starts at the first
 * kept event and ends when the stream is closed or the host goes away.
 */
export class EventStream implements AsyncIterable<HostEvent>, AsyncDisposable {
  readonly #events: HostEvent[] = [];
  readonly #abort: AbortController;
  readonly #pump: Promise<void>;
  #sleepers: (() => void)[] = [];
  #ended = false;

  private constructor(body: ReadableStream<Uint8Array>, abort: AbortController) {
    this.#abort = abort;
    this.#pump = this.#read(body);
  }

  /** Resolves when the host has confirmed the subscription. */
  static async open(baseURL: string, directory: string, signal?: AbortSignal): Promise<EventStream> {
    const url = new URL("/event", baseURL);
    url.searchParams.set("directory", directory);
    const abort = new AbortController();
    const response = await fetch(url, {
      signal: signal ? AbortSignal.any([signal, abort.signal]) : abort.signal,
    });
    if (!response.ok || !response.body) throw new Error(`GET /event answered ${response.status}`);
    const stream = new EventStream(response.body, abort);
    await stream.waitFor((event) => event.type === "server.connected", { what: "the event stream" });
    return stream;
  }

  /** Everything received so far. */
  get all(): readonly HostEvent[] {
    return this.#events;
  }

  /** True once the stream was closed or the host went away. */
  get ended(): boolean {
    return this.#ended;
  }

  /** The first event, past or to come, that `matches`. */
  waitFor(
    matches: (event: HostEvent) => boolean,
    { what = "a matching event", ...options }: Partial<WaitOptions> = {},
  ): Promise<HostEvent> {
    return waitUntil(() => this.#events.find(matches), { what, ...options });
  }

  async *[Symbol.asyncIterator](): AsyncIterator<HostEvent> {
    for (let next = 0; ; ) {
      const event = this.#events[next];
      if (event !== undefined) {
        next += 1;
        yield event;
      } else if (this.#ended) {
        return;
      } else {
        await new Promise<void>((resolve) => this.#sleepers.push(resolve));
      }
    }
  }

  async close(): Promise<void> {
    this.#abort.abort();
    await this.#pump;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #read(body: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    let buffer = "";
    try {
      for await (const bytes of body) {
        buffer += decoder.decode(bytes, { stream: true });
        const blocks = buffer.split("\n\n");
        buffer = blocks.pop() ?? "";
        for (const block of blocks) this.#accept(block);
      }
    } catch {
      // Closed by us, or the host went away: both end the stream.
    } finally {
      this.#ended = true;
      this.#wake();
    }
  }

  #accept(block: string): void {
    const data = block
      .split("\n")
      .filter((line) => line.startsWith("data:"))
      .map((line) => line.slice("data:".length).trimStart())
      .join("\n");
    if (data === "") return;
    this.#events.push(JSON.parse(data) as HostEvent);
    this.#wake();
  }

  #wake(): void {
    for (const resolve of this.#sleepers.splice(0)) resolve();
  }
}
