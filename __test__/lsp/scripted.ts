import { chmodSync, existsSync, readFileSync, symlinkSync } from "node:fs";
import { delimiter, join, resolve } from "node:path";
import type { FleetSettings } from "../../src/lsp/fleet.js";
import type { ServerSpec } from "../../src/lsp/index.js";
import { temporaryFolder } from "../native/temporary.js";
import { fleetIn, type TestedFleet } from "./fleets.js";

/** What the scripted server does; without anything, what a good one does. */
export interface Script {
  /** Answers requests instead of pushing. */
  readonly pull?: boolean;
  readonly busyOnce?: boolean;
  readonly delayMs?: number;
  /** Says everything so often. */
  readonly times?: number;
  readonly unversioned?: boolean;
  /** Says of each text first what is true of the one before. */
  readonly stale?: boolean;
  /** Reports work in progress, and meanwhile that there are no errors. */
  readonly progress?: boolean;
  /** Changes a file of the project while it is being looked at. */
  readonly editMeanwhile?: boolean;
  /** At the end of each message. */
  readonly padding?: string;
  readonly silent?: boolean;
  readonly noise?: boolean;
  readonly crashOnStart?: boolean;
  readonly crashOnOpen?: boolean;
  readonly crashOnce?: boolean;
  readonly hangOnStart?: boolean;
  readonly hangOnEnd?: boolean;
  /** Starts a process of its own. */
  readonly children?: boolean;
}

export interface Scripted extends TestedFleet {
  /** Lines that the server has written of itself. */
  readonly notes: (file: "starts.log" | "heard.log") => string[];
}

/** A server for files that end in `.txt`, or in what is given. */
export function spec(more: Partial<ServerSpec> = {}): ServerSpec {
  return {
    id: "scripted-server" as ServerSpec["id"],
    args: [],
    languages: { txt: "plaintext" },
    settingsFiles: [],
    dependencies: ["dependencies"],
    prepare: () => ({ initializationOptions: {} }),
    install: "it comes with the tests",
    ...more,
  };
}

/** Where the PATH finds it, under these names. */
export function programs(...names: string[]): Readonly<Record<string, string>> {
  const folder = temporaryFolder();
  const program = resolve("__test__/lsp/programs/scripted-server.mjs");
  chmodSync(program, 0o755);
  for (const name of names) symlinkSync(program, join(folder, name));
  return { ...process.env, PATH: [folder, process.env["PATH"]].join(delimiter) };
}

/** A project whose `a.txt` and `b.txt` are of the scripted server. */
export function scripted(
  script: Script,
  settings: Partial<FleetSettings> & { readonly timeoutMs?: number; readonly idleMs?: number } = {},
): Scripted {
  const { timeoutMs = 60_000, idleMs = 60_000, ...more } = settings;
  const tested = fleetIn(
    { "script.json": JSON.stringify(script), "a.txt": "good\nwrong\n", "b.txt": "good\n" },
    {
      specs: [spec()],
      variables: programs("scripted-server"),
      options: { timeoutMs, idleMs, servers: {} },
      limits: { quietMs: 50 },
      ...more,
    },
  );
  const notes = (file: string) => {
    const path = join(tested.project, file);
    return existsSync(path) ? readFileSync(path, "utf8").trim().split("\n") : [];
  };
  return { ...tested, notes };
}
