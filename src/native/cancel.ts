import { addon } from "./addon.js";
import type { BindingCancel } from "./binding.js";
import { NativeError } from "./errors.js";

/** Runs a native call that ends when the signal is aborted, with the signal's reason. */
export async function cancellable<T>(
  signal: AbortSignal | undefined,
  call: (cancel: BindingCancel) => Promise<T>,
): Promise<T> {
  signal?.throwIfAborted();
  const cancel = new (addon().BindingCancel)();
  const abort = () => cancel.cancel();
  signal?.addEventListener("abort", abort, { once: true });
  try {
    return await call(cancel);
  } catch (error) {
    if (error instanceof NativeError && error.code === "ERR_CANCELLED") signal?.throwIfAborted();
    throw error;
  } finally {
    signal?.removeEventListener("abort", abort);
  }
}
