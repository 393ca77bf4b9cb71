import { NativeError, type RewritePreview } from "../native/index.js";
import type { RemoteRewrite } from "./protocol.js";

/** A preview holds the new text of its files: the oldest one goes when there are more. */
const LIMIT = 16;

/** The rewrites that a helper has worked out and that its parent may want applied. */
export class HeldPreviews {
  readonly #held = new Map<number, RewritePreview>();
  #last = 0;

  hold(rewrite: RewritePreview): RemoteRewrite {
    const preview = ++this.#last;
    this.#held.set(preview, rewrite);
    for (const oldest of this.#held.keys()) {
      if (this.#held.size <= LIMIT) break;
      this.#held.delete(oldest);
    }
    return { preview, files: [...rewrite.files], unreadable: [...rewrite.unreadable] };
  }

  /** @throws NativeError `ERR_PREVIEW_GONE` when it has been released or pushed out by newer ones. */
  get(preview: number): RewritePreview {
    const rewrite = this.#held.get(preview);
    if (rewrite) return rewrite;
    throw new NativeError(
      "ERR_PREVIEW_GONE",
      `this preview gave way to newer ones (the limit is ${LIMIT}); nothing was written, work it out again`,
      { limit: LIMIT },
    );
  }

  release(preview: number): void {
    this.#held.delete(preview);
  }
}
