import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";
import { type NativeStore, openStore, type StoreOptions } from "../../src/native/index.js";

/** A folder that is gone when the test is over. */
export function temporaryFolder(files: Readonly<Record<string, string | Buffer>> = {}): string {
  const folder = mkdtempSync(join(tmpdir(), "orchestrator-test-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
  return folder;
}

/** A real store in a folder of its own, closed with the test. A crash of the machine is not what is tested here. */
export async function temporaryStore(
  path = join(temporaryFolder(), "state.db"),
  options: StoreOptions = { durability: "process" },
): Promise<NativeStore> {
  const store = await openStore(path, options);
  onTestFinished(() => store.close().catch(() => undefined));
  return store;
}

/** Commits blind writes; `null` deletes. */
export function put(
  store: NativeStore,
  values: Readonly<Record<string, unknown>>,
  actor = "test",
): Promise<number> {
  return store.commit({
    actor,
    snapshot: store.snapshot(),
    readKeys: [],
    readPrefixes: [],
    writes: Object.entries(values).map(([key, value]) => ({ key, value })),
  });
}

/** What a promise is rejected with. Fails the test when it is not. */
export async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    (value) => {
      throw new Error(`expected a rejection, got ${JSON.stringify(value)}`);
    },
    (error: unknown) => error,
  );
}

/** All that an iteration gives. */
export async function collect<T>(from: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const each of from) found.push(each);
  return found;
}
