import { CancellationTokenSource, ErrorCodes, ResponseError } from "vscode-jsonrpc/node";
import type {
  Diagnostic,
  DocumentDiagnosticReport,
  InitializeParams,
  InitializeResult,
  PublishDiagnosticsParams,
} from "vscode-languageserver-protocol";
import type { Clock } from "../ports/index.js";
import { RpcProcess, type RpcProgram } from "../processes/index.js";
import { fileUri, type OpenDocument, OpenDocuments } from "./documents.js";
import { PushedDiagnostics } from "./pushed.js";
import type { Preparation, ServerSpec } from "./servers.js";
import { reloadProjects, tsserverDiagnostics } from "./tsserver.js";
import { CHANGED, type FileChange } from "./watched-files.js";

export interface ServerProgram extends Omit<RpcProgram, "ownGroup"> {
  readonly spec: Pick<ServerSpec, "id" | "languages" | "ask">;
  readonly project: string;
  readonly preparation: Preparation;
  readonly clock: Clock;
  /** How long a server that pushes must be silent before it counts as done, in milliseconds. */
  readonly quietMs: number;
}

/** The diagnostics of a file. */
export interface FileDiagnostics {
  readonly path: string;
  readonly diagnostics: readonly Diagnostic[];
}

export type Request = <T>(method: string, params: unknown) => Promise<T>;

/** Files that change while they are looked at are looked at again, so often. */
const MAX_ROUNDS = 3;
/** Requests that a server is given at a time. */
const BATCH = 16;
/** For a server to end by itself after it was told to. */
const GRACE_MS = 2_000;
/** The server wants the same question again: it was busy with a change. */
const AGAIN = new Set([-32_802, -32_801]);
const AGAIN_MS = 100;

/** One running language server. Serves one diagnosis at a time. */
export class LanguageServer {
  readonly #program: ServerProgram;
  readonly #process: RpcProcess;
  readonly #documents: OpenDocuments;
  readonly #pushed: PushedDiagnostics;
  /** Resolves when the server offers to be asked. */
  readonly #offersPull: Promise<void>;
  #pulls = false;
  #ended: string | undefined;

  private constructor(program: ServerProgram) {
    this.#program = program;
    this.#process = new RpcProcess({ ...program, ownGroup: true });
    this.#process.exited.then((how) => {
      this.#ended = how;
      this.#process.connection.dispose();
    });
    this.#documents = new OpenDocuments(program.spec.languages, (method, params) =>
      this.#notify(method, params),
    );
    this.#pushed = new PushedDiagnostics(program.clock, program.quietMs);
    this.#offersPull = new Promise((resolve) => this.#answer(resolve));
  }

  /** Starts it and shakes hands. The process is gone when this throws, for the signal too. */
  static async start(program: ServerProgram, signal: AbortSignal): Promise<LanguageServer> {
    const server = new LanguageServer(program);
    const release = server.#process.hold();
    try {
      const params = initializeParams(program);
      const { capabilities } = await server.#request(signal)<InitializeResult>("initialize", params);
      server.#pulls ||= capabilities.diagnosticProvider !== undefined;
      server.#notify("initialized", {});
      const { settings } = program.preparation;
      if (settings) server.#notify("workspace/didChangeConfiguration", { settings });
      return server;
    } catch (error) {
      await server.kill();
      throw error;
    } finally {
      release();
    }
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  get alive(): boolean {
    return this.#ended === undefined;
  }

  /** Settles when the process is gone. */
  get exited(): Promise<string> {
    return this.#process.exited;
  }

  /**
   * What the server says of the files as they are on the disk. Files that are gone are left out.
   * @throws Error when it ends meanwhile; the signal's reason
   */
  async diagnose(
    paths: readonly string[],
    changes: readonly FileChange[],
    signal: AbortSignal,
  ): Promise<FileDiagnostics[]> {
    const release = this.#process.hold();
    try {
      if (changes.length > 0)
        this.#notify("workspace/didChangeWatchedFiles", {
          changes: changes.map(({ path, type }) => ({ uri: fileUri(path), type })),
        });
      this.#pushed.forget();
      await this.#documents.open(paths);
      if (this.#program.spec.ask === "tsserver" && changes.some(({ type }) => type !== CHANGED))
        await reloadProjects(this.#request(signal));
      for (let round = 1; ; round++) {
        const found = await this.#ask(signal);
        if (!(await this.#documents.refresh()) || round === MAX_ROUNDS) return found;
        this.#pushed.forget();
      }
    } finally {
      this.#documents.closeAll();
      release();
    }
  }

  /** The protocol's farewell, and the end of the process whether it follows or not. */
  async end(): Promise<void> {
    const release = this.#process.hold();
    try {
      const grace = AbortSignal.timeout(GRACE_MS);
      await this.#request(grace)("shutdown", undefined);
      this.#notify("exit", undefined);
      await Promise.race([this.exited, this.#program.clock.sleep(GRACE_MS)]);
    } catch {
      // It does not answer any more, or is gone.
    } finally {
      await this.kill();
      release();
    }
  }

  async kill(): Promise<void> {
    this.#process.kill();
    await this.exited;
  }

  async #ask(signal: AbortSignal): Promise<FileDiagnostics[]> {
    const documents = this.#documents.all;
    const request = this.#request(signal);
    if (this.#program.spec.ask === "tsserver")
      return inBatches(documents, (one) => tsserverDiagnostics(request, one));
    if (!this.#pulls)
      await Promise.race([this.#pushed.settled(documents, signal), this.#offersPull, this.#failure(signal)]);
    if (this.#pulls) return inBatches(documents, (one) => this.#pull(request, one, signal));
    return documents.map((one) => ({ path: one.path, diagnostics: this.#pushed.of(one) ?? [] }));
  }

  async #pull(request: Request, { path, uri }: OpenDocument, signal: AbortSignal): Promise<FileDiagnostics> {
    for (;;) {
      try {
        const report = await request<DocumentDiagnosticReport>("textDocument/diagnostic", {
          textDocument: { uri },
        });
        if (report.kind === "full") return { path, diagnostics: report.items };
        // We have told it of no earlier answer that this one could be the same as.
        throw new Error(
          `${this.#program.spec.id} answered with "${report.kind}" what it had not said before`,
        );
      } catch (error) {
        if (!(error instanceof ResponseError) || !AGAIN.has(error.code)) throw error;
        await this.#program.clock.sleep(AGAIN_MS, signal);
      }
    }
  }

  #notify(method: string, params: unknown): void {
    if (this.alive) this.#process.connection.sendNotification(method, params).catch(() => undefined);
  }

  /** Requests that end with the signal and with the process. */
  #request(signal: AbortSignal): Request {
    const failure = this.#failure(signal);
    failure.catch(() => undefined);
    const cancel = new CancellationTokenSource();
    signal.addEventListener("abort", () => cancel.cancel(), { once: true });
    return async <T>(method: string, params: unknown) => {
      signal.throwIfAborted();
      try {
        const answer = this.#process.connection.sendRequest<T>(method, params, cancel.token);
        return await Promise.race([answer, failure]);
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof ResponseError && error.code !== ErrorCodes.PendingResponseRejected) throw error;
        // The connection itself: why it broke shows in how the process ended.
        return await failure;
      }
    };
  }

  /** Rejects when the process ends or the signal is aborted. */
  #failure(signal: AbortSignal): Promise<never> {
    return new Promise((_, reject) => {
      if (signal.aborted) return reject(signal.reason);
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
      this.exited.then((how) => {
        const said = this.#process.errors.split("\n").at(-1);
        reject(new Error(`it ended by itself (${how})${said ? `: ${said}` : ""}`));
      });
    });
  }

  /** What the server may ask of us, and tell us. It gets to change nothing. */
  #answer(offersPull: () => void): void {
    const { connection } = this.#process;
    const { settings = {} } = this.#program.preparation;
    connection.onNotification("textDocument/publishDiagnostics", (params: PublishDiagnosticsParams) =>
      this.#pushed.publish(params),
    );
    connection.onNotification(
      "$/progress",
      (params: { token: string | number; value?: { kind?: unknown } }) =>
        this.#pushed.progress(params.token, params.value?.kind),
    );
    connection.onRequest("client/registerCapability", (params: { registrations: { method: string }[] }) => {
      if (params.registrations.some(({ method }) => method === "textDocument/diagnostic")) {
        this.#pulls = true;
        offersPull();
      }
      return null;
    });
    connection.onRequest("workspace/configuration", ({ items }: { items: { section?: string }[] }) =>
      items.map(({ section }) => settings[section ?? ""] ?? null),
    );
    connection.onRequest("workspace/workspaceFolders", () => [folderOf(this.#program.project)]);
    connection.onRequest("workspace/applyEdit", () => ({ applied: false }));
    for (const method of ["client/unregisterCapability", "window/workDoneProgress/create"])
      connection.onRequest(method, () => null);
    for (const method of ["window/showMessageRequest", "workspace/diagnostic/refresh"])
      connection.onRequest(method, () => null);
  }
}

async function inBatches<T>(
  documents: readonly OpenDocument[],
  ask: (one: OpenDocument) => Promise<T>,
): Promise<T[]> {
  const found: T[] = [];
  for (let at = 0; at < documents.length; at += BATCH)
    found.push(...(await Promise.all(documents.slice(at, at + BATCH).map(ask))));
  return found;
}

function folderOf(project: string) {
  return { uri: fileUri(project), name: "project" };
}

function initializeParams({ project, preparation }: ServerProgram): InitializeParams {
  return {
    // Servers look whether this process is still there.
    processId: process.pid,
    clientInfo: { name: "opencode-orchestrator" },
    rootUri: fileUri(project),
    workspaceFolders: [folderOf(project)],
    initializationOptions: preparation.initializationOptions,
    capabilities: {
      general: { positionEncodings: ["utf-16"] },
      textDocument: {
        synchronization: { didSave: true },
        publishDiagnostics: { versionSupport: true },
        diagnostic: { dynamicRegistration: true },
      },
      workspace: {
        configuration: true,
        workspaceFolders: true,
        didChangeConfiguration: {},
        didChangeWatchedFiles: { dynamicRegistration: true, relativePatternSupport: true },
      },
      window: { workDoneProgress: true },
    },
  };
}
