import type * as fs from "node:fs";
import type { FileSystem as InstallFiles, OwnPackage, Surroundings } from "../install/index.js";

/** What a program did. `code` is null when it could not be run or did not end in time. */
export interface Ran {
  readonly code: number | null;
  readonly output: string;
}

/** How a mission's lease stands. */
export interface MissionLease {
  readonly mission: string;
  readonly hold: "none" | "ran-out" | { readonly holder: unknown; readonly expiresMs: number };
}

/** What there is to say of a project's mission state. */
export type StateReport =
  | { readonly kind: "none" | "busy" | "newer" }
  | { readonly kind: "damaged" | "unreadable"; readonly reason: string }
  | { readonly kind: "sound"; readonly commits: number; readonly leases: readonly MissionLease[] };

/** Everything that the checks see of the world. */
export interface DoctorPorts {
  readonly files: InstallFiles & Pick<typeof fs, "statfsSync">;
  readonly surroundings: Surroundings;
  /** The project. */
  readonly directory: string;
  readonly platform: NodeJS.Platform;
  readonly architecture: string;
  /** `glibc 2.36`, `musl`; absent where there is only one. */
  readonly libc?: string | undefined;
  /** The package whose command is running. */
  readonly own: OwnPackage;
  /** The path of a program that the PATH names. */
  readonly findProgram: (name: string) => string | undefined;
  readonly run: (program: string, args: readonly string[]) => Promise<Ran>;
  /** Loads the native core. @throws NativeError `ERR_ADDON` */
  readonly loadAddon: () => void;
  readonly inspectState: (file: string) => Promise<StateReport>;
  /** Whether the holder of a lease is known to be dead. */
  readonly isDead: (holder: unknown) => boolean;
}
