import { ResponseError } from "vscode-jsonrpc/node";
import type { Diagnostic } from "vscode-languageserver-protocol";
import type { OpenDocument } from "./documents.js";
import type { FileDiagnostics, Request } from "./server.js";

/** TypeScript's own protocol: lines and columns count from 1. */
interface TsDiagnostic {
  readonly start: { readonly line: number; readonly offset: number };
  readonly end: { readonly line: number; readonly offset: number };
  readonly text: string;
  readonly code: number;
  readonly category: string;
}

interface TsResponse {
  readonly type?: string;
  readonly success?: boolean;
  readonly message?: string;
  readonly body?: readonly TsDiagnostic[];
}

const TSSERVER_REQUEST = "typescript.tsserverRequest";
const COMMANDS = ["syntacticDiagnosticsSync", "semanticDiagnosticsSync"] as const;

/**
 * Asks TypeScript's server itself. What typescript-language-server pushes does not say when it is complete: syntax and
 * types come one after the other, without a version, and a file that stays free of errors is not mentioned again.
 */
export async function tsserverDiagnostics(
  request: Request,
  { path, uri }: OpenDocument,
): Promise<FileDiagnostics> {
  const diagnostics: Diagnostic[] = [];
  for (const command of COMMANDS) {
    const answer = await request<TsResponse | null>("workspace/executeCommand", {
      command: TSSERVER_REQUEST,
      arguments: [command, { file: uri }],
    });
    if (answer?.type !== "response" || !Array.isArray(answer.body))
      throw new Error(
        `TypeScript's server did not answer ${command}: ${answer?.message ?? JSON.stringify(answer)}`,
      );
    diagnostics.push(...answer.body.filter(({ category }) => category === "error").map(toDiagnostic));
  }
  return { path, diagnostics };
}

/**
 * After files were created or deleted: TypeScript looks for modules that were missing, or are missing now, a second after
 * it has heard of them, and its answers until then are of before.
 */
export async function reloadProjects(request: Request): Promise<void> {
  await request("workspace/executeCommand", {
    command: TSSERVER_REQUEST,
    // Older versions do not answer it. Requests keep their order, so nobody has to wait.
    arguments: ["reloadProjects", null, { expectsResult: false }],
  }).catch((error) => {
    if (!(error instanceof ResponseError)) throw error;
  });
}

function toDiagnostic({ start, end, text, code }: TsDiagnostic): Diagnostic {
  const position = ({ line, offset }: TsDiagnostic["start"]) => ({ line: line - 1, character: offset - 1 });
  return {
    range: { start: position(start), end: position(end) },
    severity: 1,
    source: "ts",
    code,
    message: text,
  };
}
