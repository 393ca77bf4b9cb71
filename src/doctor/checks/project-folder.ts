import { join } from "node:path";
import { type Check, type Examination, failed, ok, warning } from "../check.js";

/** File systems that other machines write too, by the number that Linux gives them (statfs(2)). */
const NETWORK: ReadonlyMap<number, string> = new Map([
  [0x6969, "NFS"],
  [0x517b, "SMB"],
  [0xff534d42, "CIFS"],
  [0xfe534d42, "SMB2"],
  [0x01021997, "9P"],
  [0x5346414f, "AFS"],
  [0x00c36400, "Ceph"],
]);

const WRITE_AND_ENTER = 3;

/** The state of missions can be kept in the project. */
export const projectFolder: Check = {
  name: "project folder",
  run: ({ ports }) => {
    const { directory, files } = ports;
    const folders = [directory, join(directory, ".opencode"), join(directory, ".opencode", "orchestrator")];
    const denied = folders
      .filter((folder) => files.existsSync(folder))
      .find((folder) => !isWritable(folder, ports));
    if (denied !== undefined)
      return [
        failed(
          `${denied} is read-only: missions cannot be kept there`,
          `chmod u+w ${denied}, or work on a copy`,
        ),
      ];
    const network = networkName(ports);
    if (network !== undefined)
      return [
        warning(
          `${directory} is on a network file system (${network}): the mission state is safe there only while one machine uses it`,
          "work on a local disk",
        ),
      ];
    return [ok(`${directory} is writable`)];
  },
};

function isWritable(folder: string, { files }: Examination["ports"]): boolean {
  try {
    // Root may write where nobody is meant to.
    if ((files.statSync(folder).mode & 0o222) === 0) return false;
    files.accessSync(folder, WRITE_AND_ENTER);
    return true;
  } catch {
    return false;
  }
}

function networkName({ directory, files, platform }: Examination["ports"]): string | undefined {
  if (platform === "win32") return directory.startsWith("\\\\") ? "a share" : undefined;
  if (platform !== "linux") return undefined;
  try {
    // Signed on some systems.
    return NETWORK.get(files.statfsSync(directory).type >>> 0);
  } catch {
    return undefined;
  }
}
