#!/usr/bin/env node
// @ts-nocheck: it is given what a protocol gives it, and checks nothing.
// A language server that does what its project's `script.json` says: see `Script` in `scripted.ts`. It reports one error
// for each line of an open file that holds the word "wrong".
import { spawn } from "node:child_process";
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const texts = new Map();
let project = "";
let script = {};
let rest = Buffer.alloc(0);

process.stdin.on("data", (chunk) => {
  rest = Buffer.concat([rest, chunk]);
  for (;;) {
    const end = rest.indexOf("\r\n\r\n");
    if (end < 0) return;
    const length = Number(/Content-Length: (\d+)/i.exec(rest.subarray(0, end).toString())[1]);
    if (rest.length < end + 4 + length) return;
    const body = rest.subarray(end + 4, end + 4 + length).toString();
    rest = rest.subarray(end + 4 + length);
    receive(JSON.parse(body));
  }
});
if (process.argv.includes("--deaf")) setInterval(() => undefined, 1_000);
else process.stdin.on("end", () => process.exit(0));

function send(message) {
  const body = JSON.stringify({ jsonrpc: "2.0", ...message });
  process.stdout.write(`Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
}

function diagnosticsOf(uri) {
  const lines = (texts.get(uri)?.text ?? "").split("\n");
  const range = (line) => ({ start: { line, character: 0 }, end: { line, character: 5 } });
  const errors = lines.flatMap((text, line) =>
    text.includes("wrong")
      ? [
          {
            range: range(line),
            severity: 1,
            source: "scripted",
            code: "E1",
            message: text + (script.padding ?? ""),
          },
        ]
      : [],
  );
  return [...errors, { range: range(0), severity: 2, message: "a warning" }];
}

function publish(uri, more = {}) {
  const version = script.unversioned ? undefined : texts.get(uri)?.version;
  send({
    method: "textDocument/publishDiagnostics",
    params: { uri, version, diagnostics: diagnosticsOf(uri), ...more },
  });
}

function changed(uri) {
  if (script.crashOnOpen) process.exit(7);
  if (script.crashOnce && !existsSync(join(project, "crashed"))) {
    appendFileSync(join(project, "crashed"), "");
    process.kill(process.pid, "SIGKILL");
  }
  if (script.noise) process.stdout.write("this is no message\r\n\r\n");
  if (script.silent || script.pull) return;
  if (script.stale) publish(uri, { version: texts.get(uri).version - 1, diagnostics: [] });
  if (script.progress) {
    send({ method: "$/progress", params: { token: "t", value: { kind: "begin", title: "indexing" } } });
    // Nothing is known before the work is done.
    publish(uri, { diagnostics: [] });
  }
  const say = () => {
    for (let times = 0; times < (script.times ?? 1); times++) publish(uri);
    if (script.progress) send({ method: "$/progress", params: { token: "t", value: { kind: "end" } } });
  };
  if (script.editMeanwhile && !existsSync(join(project, "edited"))) {
    appendFileSync(join(project, "edited"), "");
    appendFileSync(fileURLToPath(uri), "wrong again\n");
  }
  if (script.delayMs) setTimeout(say, script.delayMs);
  else say();
}

function receive({ id, method, params }) {
  if (method !== undefined && project) appendFileSync(join(project, "heard.log"), `${method}\n`);
  if (method === "initialize") {
    project = fileURLToPath(params.rootUri);
    script = JSON.parse(readFileSync(join(project, "script.json"), "utf8"));
    appendFileSync(join(project, "starts.log"), `${process.pid} ${process.cwd()}\n`);
    if (script.crashOnStart) {
      process.stderr.write("cannot start: no licence\n");
      process.exit(3);
    }
    if (script.children) spawn("sleep", ["1000"], { stdio: "ignore" });
    if (script.hangOnStart) return;
    const diagnosticProvider = script.pull ? { interFileDependencies: true } : undefined;
    send({ id, result: { capabilities: { textDocumentSync: 1, diagnosticProvider } } });
  } else if (method === "textDocument/didOpen") {
    const { uri, version, text } = params.textDocument;
    texts.set(uri, { version, text });
    changed(uri);
  } else if (method === "textDocument/didChange") {
    const { uri, version } = params.textDocument;
    texts.set(uri, { version, text: params.contentChanges[0].text });
    changed(uri);
  } else if (method === "textDocument/didClose") texts.delete(params.textDocument.uri);
  else if (method === "textDocument/diagnostic") {
    if (script.busyOnce && !existsSync(join(project, "busy"))) {
      appendFileSync(join(project, "busy"), "");
      send({ id, error: { code: -32802, message: "busy", data: { retriggerRequest: true } } });
    } else send({ id, result: { kind: "full", items: diagnosticsOf(params.textDocument.uri) } });
  } else if (method === "shutdown") {
    if (!script.hangOnEnd) send({ id, result: null });
  } else if (method === "exit") {
    if (!script.hangOnEnd) process.exit(0);
  } else if (id !== undefined && method !== undefined) send({ id, error: { code: -32601, message: "no" } });
}
