import type { Diagnostic, PublishDiagnosticsParams } from "vscode-languageserver-protocol";
import type { Clock } from "../ports/index.js";
import type { OpenDocument } from "./documents.js";

interface Published {
  readonly version: number | undefined;
  readonly diagnostics: readonly Diagnostic[];
}

/** What a server pushes, and whether it has come to rest. The protocol has no word for that. */
export class PushedDiagnostics {
  readonly #clock: Clock;
  readonly #quietMs: number;
  readonly #latest = new Map<string, Published>();
  readonly #progress = new Set<string | number>();
  #lastMs: number;

  /** @param quietMs the server has come to rest when it has said nothing for so long. */
  constructor(clock: Clock, quietMs: number) {
    this.#clock = clock;
    this.#quietMs = quietMs;
    this.#lastMs = clock.now();
  }

  publish({ uri, version, diagnostics }: PublishDiagnosticsParams): void {
    this.#lastMs = this.#clock.now();
    const before = this.#latest.get(key(uri));
    // One that was under way while the text changed.
    if (version !== undefined && before?.version !== undefined && version < before.version) return;
    this.#latest.set(key(uri), { version, diagnostics });
  }

  progress(token: string | number, kind: unknown): void {
    this.#lastMs = this.#clock.now();
    if (kind === "begin") this.#progress.add(token);
    else if (kind === "end") this.#progress.delete(token);
  }

  /** What was said until now is of an earlier text. */
  forget(): void {
    this.#latest.clear();
    this.#lastMs = this.#clock.now();
  }

  /** The diagnostics of the document as it is now; nothing when none have come. */
  of({ uri, version }: OpenDocument): readonly Diagnostic[] | undefined {
    const found = this.#latest.get(key(uri));
    return found && (found.version === undefined || found.version === version)
      ? found.diagnostics
      : undefined;
  }

  /** Resolves when there is an answer for each, no work is in progress, and it has been quiet for a while. */
  async settled(documents: readonly OpenDocument[], signal: AbortSignal): Promise<void> {
    for (;;) {
      const complete = this.#progress.size === 0 && documents.every((one) => this.of(one) !== undefined);
      const quiet = this.#lastMs + this.#quietMs - this.#clock.now();
      if (complete && quiet <= 0) return;
      await this.#clock.sleep(complete ? quiet : LOOK_MS, signal);
    }
  }
}

/** Between two looks at whether all answers have come. */
const LOOK_MS = 20;

/** Servers write the same URI in different ways: `file:///c%3A/` is `file:///C:/`. */
function key(uri: string): string {
  const decoded = decodeURIComponent(uri);
  return process.platform === "win32" ? decoded.toLowerCase() : decoded;
}
