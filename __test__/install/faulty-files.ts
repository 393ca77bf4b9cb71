import * as fs from "node:fs";
import type { FileSystem } from "../../src/install/index.js";

/**
 * How the n-th call fails: not done at all; done, and reported as failed; or the last of the process, after which nothing
 * is done any more.
 */
export type Fault = "refused" | "done-but-failed" | "death";
export const FAULTS: readonly Fault[] = ["refused", "done-but-failed", "death"];

/** Real files, until the n-th call fails. */
export class FaultyFiles {
  calls = 0;
  readonly files: FileSystem;

  constructor(at: number, fault: Fault) {
    this.files = new Proxy(fs, {
      get: (target, name) => {
        const operation = target[name as keyof typeof fs];
        if (typeof operation !== "function") return operation;
        return (...args: unknown[]) => {
          const call = this.calls++;
          const fails = fault === "death" ? call >= at : call === at;
          if (fails && fault !== "done-but-failed") throw failure(String(name));
          const result = Reflect.apply(operation as (...all: unknown[]) => unknown, fs, args);
          if (fails) throw failure(String(name));
          return result;
        };
      },
    }) as FileSystem;
  }
}

function failure(name: string): Error {
  return Object.assign(new Error(`EIO: injected into ${name}`), { code: "EIO" });
}
