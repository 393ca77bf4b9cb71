import { NativeError } from "../native/index.js";
import type { Command } from "./environment.js";

/** An error for the person at the terminal: what happened, where, and the way out. */
export function explain(error: unknown, command: Command): string {
  if (!(error instanceof NativeError)) return error instanceof Error ? error.message : String(error);
  const advice = wayOut(error, command);
  return [...cause(error), ...(advice ? [advice] : [])].join("\n");
}

function cause(error: NativeError): string[] {
  const { pattern, position, reason } = error.details;
  if (error.code !== "ERR_PATTERN" || typeof pattern !== "string" || typeof reason !== "string")
    return [error.message];
  // "invalid glob `…` at byte 3: …": the pattern gets lines of its own.
  const what = error.message.split(" `", 1)[0] ?? "invalid pattern";
  // A reason of several lines has a picture of its own.
  const shown = reason.includes("\n")
    ? []
    : marked(pattern, typeof position === "number" ? position : undefined);
  return [`${what}: ${reason}`, ...shown];
}

/** The line of the pattern that has the byte `position`, and a caret below it. */
function marked(pattern: string, position: number | undefined): string[] {
  if (position === undefined) return pattern.includes("\n") ? [] : [`  ${pattern}`];
  const before = Buffer.from(pattern).subarray(0, position).toString();
  const start = before.lastIndexOf("\n") + 1;
  const line = pattern.slice(start).split("\n", 1)[0] ?? "";
  // A tab stays one below a tab.
  const indent = [...before.slice(start)].map((char) => (char === "\t" ? char : " ")).join("");
  return [`  ${line}`, `  ${indent}^`];
}

function wayOut({ code, details, message }: NativeError, command: Command): string | undefined {
  switch (code) {
    case "ERR_PATTERN":
      if (message.startsWith("invalid glob"))
        return "A bracket or brace that is meant as such has a \\ before it: \\[, \\{.";
      return command.patternAdvice?.(String(details["pattern"]));
    case "ERR_NOT_FOUND":
      return "Give an existing path, relative to the current folder or absolute.";
    case "ERR_LANGUAGE": {
      const supported = details["supported"];
      return Array.isArray(supported) ? `Languages: ${supported.join(", ")}.` : undefined;
    }
    case "ERR_STALE":
      return "Files have changed since they were read; nothing was written. Run it again.";
    case "ERR_CORRUPT":
      return "opencode-orchestrator state recover rebuilds the state and sets the damaged files aside.";
    case "ERR_BUSY":
      return "Another process uses the state; end it, or try again.";
    case "ERR_EXISTS":
      return "Nothing was overwritten. Move it away first.";
    case "ERR_CURSOR":
      return "The files have changed while they were searched. Run it again.";
    default:
      return undefined;
  }
}
