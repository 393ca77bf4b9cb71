import { NativeError, type NativeStore, openStore, type Recovery, recoverStore } from "../native/index.js";
import type { Host, Log } from "../ports/index.js";

/** How many revisions can be read back at least; older values go when there are twice as many. */
const KEPT_REVISIONS = 10_000;

interface Ports {
  readonly host: Pick<Host, "notify">;
  readonly log: Log;
}

/**
 * Opens the state of a project's missions; one that is damaged is rebuilt first, and the user told.
 * @throws NativeError `ERR_SCHEMA`, `ERR_BUSY`, `ERR_IO`
 */
export async function openState(file: string, ports: Ports): Promise<NativeStore> {
  try {
    return await openStore(file);
  } catch (error) {
    if (!(error instanceof NativeError) || error.code !== "ERR_CORRUPT") throw error;
    const recovery = await recoverStore(file);
    if (recovery) report(error.message, recovery, ports);
    return openStore(file);
  }
}

function report(reason: string, recovery: Recovery, { host, log }: Ports): void {
  log.warn("state.recovered", { reason, ...recovery });
  void host.notify({
    title: "The missions' state was damaged and has been rebuilt",
    message: told(recovery),
    variant: "warning",
  });
}

/** What became of a damaged state, for people. */
export function told({ revision, known, setAside }: Recovery): string {
  const lost = known === undefined ? "perhaps some later ones are lost" : `${known - revision} are lost`;
  const kept = known !== undefined && known <= revision ? "nothing is lost" : lost;
  return `${revision} commits were kept, ${kept}. The damaged files are in ${setAside}.`;
}

/** Makes a backup of what is new, and lets go of values that were replaced long ago. Failures are logged. */
export async function keepState(store: NativeStore, { log }: Pick<Ports, "log">): Promise<void> {
  try {
    await store.backup();
    const floor = store.snapshot() - KEPT_REVISIONS;
    if (floor - store.floor() > KEPT_REVISIONS)
      log.info("state.compacted", { ...(await store.compact(floor, "engine")) });
  } catch (error) {
    if (!(error instanceof NativeError) || error.code !== "ERR_CLOSED")
      log.warn("state.keeping", { error: String(error) });
  }
}
