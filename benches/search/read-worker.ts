import { closeSync, openSync, readSync } from "node:fs";
import { parentPort, workerData } from "node:worker_threads";

/** Reads its files whenever it is told to, into one buffer. */
const paths = workerData as readonly string[];
const buffer = Buffer.allocUnsafe(1024 * 1024);

parentPort?.on("message", () => {
  for (const path of paths) readWhole(path);
  parentPort?.postMessage("done");
});

function readWhole(path: string): void {
  const file = openSync(path, "r");
  try {
    while (readSync(file, buffer) === buffer.length);
  } finally {
    closeSync(file);
  }
}
