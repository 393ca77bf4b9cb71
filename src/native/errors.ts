import type { BindingFailure } from "./binding.js";

/** A refused or failed native call. `code` is stable; `details` holds the error's structured fields. */
export class NativeError extends Error {
  override readonly name = "NativeError";
  readonly code: string;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: string, message: string, details: Readonly<Record<string, unknown>> = {}) {
    super(message);
    this.code = code;
    this.details = details;
  }
}

/** The value of a native call. @throws NativeError when the call failed. */
export function unwrap<T>(result: T | BindingFailure): T {
  if (!isFailure(result)) return result;
  throw new NativeError(result.failureCode, result.message, result.details as Record<string, unknown>);
}

function isFailure(result: unknown): result is BindingFailure {
  return typeof result === "object" && result !== null && "failureCode" in result;
}
