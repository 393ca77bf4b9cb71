import type { Environment } from "./environment.js";

const SHOWN = 10;

export interface LeftOut {
  readonly leftOut: number;
  /** False: there are at least so many. */
  readonly totalExact: boolean;
}

/** Says on standard error what the output does not show. */
export function noteLeftOut(
  { leftOut, totalExact }: LeftOut,
  unit: "match" | "file",
  flags: readonly string[],
  { warn }: Environment,
): void {
  if (leftOut <= 0) return;
  const plural = unit === "match" ? "matches" : "files";
  const number = `${totalExact ? "" : "at least "}${leftOut}`;
  const cause = flags.length > 0 ? ` (${flags.join(", ")})` : "";
  warn(`${number} more ${leftOut === 1 ? unit : plural} left out${cause}.`);
}

export interface Unreadable {
  readonly path: string;
  readonly message: string;
}

/** Names what could not be read, on standard error. */
export function noteUnreadable(unreadable: readonly Unreadable[], { warn }: Environment): void {
  for (const { path, message } of unreadable.slice(0, SHOWN)) warn(`Could not be read: ${path}: ${message}`);
  const rest = unreadable.length - SHOWN;
  if (rest > 0) warn(`Could not be read: ${rest} more.`);
}
