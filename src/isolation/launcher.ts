import { NativeError } from "../native/index.js";
import { HelperProcess, type HelperProgram } from "./helper-process.js";
import type { Runtime } from "./runtime.js";

export interface LauncherSettings extends Omit<HelperProgram, "runtime" | "path"> {
  readonly path: () => string;
  /** Runtimes to try, best first. */
  readonly runtimes: () => AsyncIterable<Runtime> | Iterable<Runtime>;
}

/** Starts helpers with the first runtime that can load the addon, and stays with it. */
export class Launcher {
  readonly #settings: LauncherSettings;
  #works: Runtime | undefined;

  constructor(settings: LauncherSettings) {
    this.#settings = settings;
  }

  /**
   * @throws NativeError `ERR_NO_RUNTIME` when no runtime could; `ERR_HELPER_CRASHED` when one that did fails now;
   * `ERR_NO_HELPER`
   */
  async launch(): Promise<HelperProcess> {
    if (this.#works) return this.#start(this.#works);
    const tried: string[] = [];
    for await (const runtime of this.#settings.runtimes()) {
      try {
        const helper = await this.#start(runtime);
        this.#works = runtime;
        return helper;
      } catch (error) {
        if (error instanceof NativeError && error.code === "ERR_NO_HELPER") throw error;
        tried.push(`${runtime.name}: ${describe(error)}`);
      }
    }
    throw new NativeError(
      "ERR_NO_RUNTIME",
      `no runtime on this machine can run the search helper:\n${tried.join("\n")}\n` +
        'Install Node.js 20.19 or later and put it on the PATH. With native.isolation "none", the host itself is tried first.',
      { tried },
    );
  }

  async #start(runtime: Runtime): Promise<HelperProcess> {
    const { path, search, hungMs } = this.#settings;
    try {
      return await HelperProcess.start({ runtime, path: path(), search, hungMs });
    } catch (error) {
      if (error instanceof NativeError) throw error;
      throw new NativeError("ERR_HELPER_CRASHED", `a search helper could not be started: ${String(error)}`);
    }
  }
}

function describe(error: unknown): string {
  if (!(error instanceof NativeError)) return String(error);
  const said = error.details["errors"];
  return typeof said === "string" ? `${error.message}\n${said}` : error.message;
}
