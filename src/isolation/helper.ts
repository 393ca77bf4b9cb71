import { Console } from "node:console";
import {
  type CancellationToken,
  createMessageConnection,
  ResponseError,
  StreamMessageReader,
  StreamMessageWriter,
} from "vscode-jsonrpc/node";
import { addon, type CodeSearch, NativeError, Searcher } from "../native/index.js";
import { HeldPreviews } from "./held-previews.js";
import { type Calls, failureData, type Method, RELEASE, type Release } from "./protocol.js";

// The program of a helper process: the native core behind JSON-RPC on standard input and output.

/** For reads to end once the parent has gone: a native call sees its cancellation within 20 ms. */
const LAST_MS = 2_000;

// Standard output belongs to the protocol.
globalThis.console = new Console(process.stderr, process.stderr);

const connection = createMessageConnection(
  new StreamMessageReader(process.stdin),
  new StreamMessageWriter(process.stdout),
);
const previews = new HeldPreviews();
const running = new Set<AbortController>();
const applies = new Set<Promise<unknown>>();
let search: CodeSearch | undefined;

function answer<M extends Method>(
  method: M,
  work: (params: Calls[M]["params"], signal: AbortSignal) => Promise<Calls[M]["result"]>,
): void {
  connection.onRequest(method, async (params: Calls[M]["params"], token: CancellationToken) => {
    const abort = new AbortController();
    if (token.isCancellationRequested) abort.abort();
    const listener = token.onCancellationRequested(() => abort.abort());
    running.add(abort);
    try {
      return await work(params, abort.signal);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      return new ResponseError(1, message, failureData(error));
    } finally {
      listener.dispose();
      running.delete(abort);
    }
  });
}

function searcher(): CodeSearch {
  if (!search) throw new NativeError("ERR_HELPER", "the helper has not been started");
  return search;
}

answer("start", async (options) => {
  addon();
  search = new Searcher(options);
  return { runtime: `${process.versions["bun"] ? "Bun" : "Node"} ${process.version}` };
});
answer("grep", (options, signal) => searcher().grep(options, signal));
answer("glob", (options, signal) => searcher().glob(options, signal));
answer("astSearch", (options, signal) => searcher().astSearch(options, signal));
answer("astRewrite", async (options, signal) => previews.hold(await searcher().astRewrite(options, signal)));
answer("outline", ({ path }, signal) => searcher().outline(path, signal));
answer("syntaxErrors", (options, signal) => searcher().syntaxErrors(options, signal));
answer("apply", async ({ preview }) => {
  const apply = previews.get(preview).apply();
  applies.add(apply);
  return apply.finally(() => applies.delete(apply));
});
connection.onNotification(RELEASE, ({ preview }: Release) => previews.release(preview));

/** The parent has closed our input or has died. Reads are given up; a rewrite that is being written is finished. */
async function end(): Promise<void> {
  for (const abort of running) abort.abort();
  await Promise.allSettled(applies);
  // By itself the process ends once its last answer is written and nothing runs any more.
  setTimeout(() => process.kill(process.pid, "SIGKILL"), LAST_MS).unref();
  await search?.close();
}
process.stdin.once("close", () => void end());
// A parent that is gone shows as the end of our input as well.
process.stdout.on("error", () => undefined);
connection.onError(([error]) => {
  if ((error as NodeJS.ErrnoException).code === "EPIPE") return;
  // Such as an answer longer than a string can be: the call would be waited for for ever.
  process.stderr.write(`${error.stack}\n`);
  process.exitCode = 1;
  process.stdin.destroy();
});
connection.listen();
