import { type FSWatcher, watch } from "node:fs";
import { dirname } from "node:path";

/** Several events of one commit, and commits in a row, are one change. */
const SETTLE_MS = 40;
/** Where the system tells of nothing (network folders), a look now and then. */
const LOOK_EVERY_MS = 5_000;

/**
 * Calls `onChange` after somebody, in whatever process, has written to the store in `file`: the folder's events tell, so
 * that an idle store costs nothing. It is also called now and then without a reason. Holds no process open.
 */
export function watchState(file: string, onChange: () => void): Disposable {
  let watcher: FSWatcher | undefined;
  let pending: NodeJS.Timeout | undefined;
  const soon = () => {
    pending ??= setTimeout(() => {
      pending = undefined;
      onChange();
    }, SETTLE_MS).unref();
  };
  const heed = () => {
    if (watcher) return;
    try {
      watcher = watch(dirname(file), { persistent: false }, (_, name) => {
        // The write-ahead log: every commit is appended to it.
        if (name === null || /\.db(-wal)?$/.test(name)) soon();
      });
      watcher.on("error", () => {
        watcher?.close();
        watcher = undefined;
      });
      soon();
    } catch {
      // The folder is not there yet: the next look tries again.
    }
  };
  heed();
  const looks = setInterval(() => {
    heed();
    onChange();
  }, LOOK_EVERY_MS).unref();
  return {
    [Symbol.dispose]() {
      watcher?.close();
      clearInterval(looks);
      clearTimeout(pending);
    },
  };
}
