import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";

/** The log's name; its archives have a time behind it. */
export const LOG_NAME = "opencode-orchestrator.log";

/** A folder that can hold the log. */
export interface LogPlace {
  readonly folder: string;
  /** Whether the folder is only for us, and is made if it is not there. */
  readonly isOwn: boolean;
}

/**
 * Where the log may be, best first: the system's temporary directory, which other users may share; and a folder of ours in it,
 * for when one of them has the file already.
 */
export function logPlaces(temporary: string = tmpdir()): LogPlace[] {
  const { uid, username } = userInfo();
  const own = `opencode-orchestrator-${uid >= 0 ? uid : username.replace(/\W/g, "_")}`;
  return [
    { folder: temporary, isOwn: false },
    { folder: join(temporary, own), isOwn: true },
  ];
}
