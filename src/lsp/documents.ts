import { readFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";
import { ending } from "./servers.js";

/** A file that the server has open. */
export interface OpenDocument {
  /** Absolute. */
  readonly path: string;
  readonly uri: string;
  readonly version: number;
  readonly text: string;
}

export type Notify = (method: string, params: unknown) => void;

/**
 * The files that a server has open, with their text as it is on the disk: nobody edits in this client. Nothing is
 * left open between two diagnoses, so that a server never holds on to a text which the disk has no more.
 */
export class OpenDocuments {
  readonly #languages: Readonly<Record<string, string>>;
  readonly #notify: Notify;
  readonly #open = new Map<string, OpenDocument>();
  /** Goes on over all documents, so that what is said of one that was open before is not taken for this one. */
  #version = 0;

  constructor(languages: Readonly<Record<string, string>>, notify: Notify) {
    this.#languages = languages;
    this.#notify = notify;
  }

  get all(): OpenDocument[] {
    return [...this.#open.values()];
  }

  /** Opens those of the files that are there. */
  async open(paths: readonly string[]): Promise<void> {
    for (const path of paths) {
      const text = await read(path);
      if (text === undefined || this.#open.has(path)) continue;
      const document = { path, uri: fileUri(path), version: ++this.#version, text };
      this.#open.set(path, document);
      const { uri, version } = document;
      const languageId = this.#languages[ending(path)] ?? "plaintext";
      this.#notify("textDocument/didOpen", { textDocument: { uri, languageId, version, text } });
    }
  }

  /** Tells of what has changed on the disk since. True when anything has. */
  async refresh(): Promise<boolean> {
    let changed = false;
    for (const { path, uri, text: before } of this.all) {
      const text = await read(path);
      if (text === before) continue;
      changed = true;
      if (text === undefined) {
        this.#close(path, uri);
        continue;
      }
      const version = ++this.#version;
      this.#open.set(path, { path, uri, version, text });
      this.#notify("textDocument/didChange", { textDocument: { uri, version }, contentChanges: [{ text }] });
      this.#notify("textDocument/didSave", { textDocument: { uri }, text });
    }
    return changed;
  }

  closeAll(): void {
    for (const { path, uri } of this.all) this.#close(path, uri);
  }

  #close(path: string, uri: string): void {
    this.#open.delete(path);
    this.#notify("textDocument/didClose", { textDocument: { uri } });
  }
}

export function fileUri(path: string): string {
  return pathToFileURL(path).href;
}

/** Nothing when it is no file that can be read. */
async function read(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch {
    return undefined;
  }
}
