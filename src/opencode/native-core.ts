import type { LazyCodeSearch } from "../isolation/index.js";
import { addon, NativeError } from "../native/index.js";

/** Where there is a native core for this host, and why not here. */
export type NativeCore =
  | { readonly kind: "here" }
  /** In helper processes only, run by another program than this one. */
  | { readonly kind: "helpers"; readonly error: NativeError }
  | { readonly kind: "none"; readonly error: NativeError };

/** For a helper to start in, while the host waits for its plugins. */
const HELPER_START_MS = 5_000;

/**
 * Loads the native core, and looks for another way to search where this host cannot. The host waits for this: a load
 * takes it a millisecond or two (`npm run bench:start`), and helpers are started only where it fails.
 */
export async function findNativeCore(search: LazyCodeSearch, directory: string): Promise<NativeCore> {
  try {
    addon();
    return { kind: "here" };
  } catch (error) {
    if (!(error instanceof NativeError)) throw error;
    try {
      await search.open(directory, AbortSignal.timeout(HELPER_START_MS));
      return { kind: "helpers", error };
    } catch {
      return { kind: "none", error };
    }
  }
}
