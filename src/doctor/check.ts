import type { Configuration } from "./configuration.js";
import type { DoctorPorts } from "./ports.js";

export type Status = "ok" | "warning" | "failed";

/** One thing that was looked at. */
export interface Finding {
  readonly check: string;
  readonly status: Status;
  /** What was found, in a sentence. */
  readonly found: string;
  /** The way out; always there unless all is well. */
  readonly fix?: string;
}

/** What a check looks at. */
export interface Examination {
  readonly ports: DoctorPorts;
  readonly configuration: Configuration;
}

export interface Check {
  readonly name: string;
  readonly run: (examination: Examination) => readonly Result[] | Promise<readonly Result[]>;
}

export type Result = Omit<Finding, "check">;

export const ok = (found: string): Result => ({ status: "ok", found });
export const warning = (found: string, fix: string): Result => ({ status: "warning", found, fix });
export const failed = (found: string, fix: string): Result => ({ status: "failed", found, fix });
