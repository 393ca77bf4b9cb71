import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Preparation } from "../engines/engine.js";
import type { EngineName } from "../engines/names.js";
import type { Ready, Replies, Request } from "./protocol.js";

/** An engine in a process of its own, so that no engine's memory, threads or garbage weigh on another's times. */
export class EngineHost implements AsyncDisposable {
  readonly #engine: EngineName;
  readonly #process: ChildProcess;
  readonly preparation: Preparation | undefined;
  #searched = false;

  private constructor(engine: EngineName, child: ChildProcess, { preparation }: Ready) {
    this.#engine = engine;
    this.#process = child;
    this.preparation = preparation;
  }

  /** Resolves when the engine is ready to answer. */
  static async start(engine: EngineName, root: string): Promise<EngineHost> {
    const script = fileURLToPath(new URL("./search-engine.js", import.meta.url));
    const child = fork(script, [engine, root], { serialization: "advanced" });
    return new EngineHost(engine, child, await nextMessage<Ready>(child, engine));
  }

  /** Whether it has done the lazy work of a first search. */
  get searched(): boolean {
    return this.#searched;
  }

  async ask<R extends Request>(request: R): Promise<Replies[R["kind"]]> {
    const reply = nextMessage<Replies[R["kind"]]>(this.#process, this.#engine);
    this.#process.send(request);
    this.#searched ||= "query" in request;
    return reply;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const gone = once(this.#process, "exit");
    this.#process.kill();
    await gone;
  }
}

/** @throws when the process ends instead */
function nextMessage<T>(child: ChildProcess, engine: EngineName): Promise<T> {
  return new Promise((resolve, reject) => {
    const onMessage = (message: unknown) => {
      child.off("exit", onExit);
      resolve(message as T);
    };
    const onExit = (code: number | null, signal: string | null) => {
      child.off("message", onMessage);
      reject(new Error(`the process of ${engine} ended (${code ?? signal}) before its reply`));
    };
    child.once("message", onMessage);
    child.once("exit", onExit);
  });
}
