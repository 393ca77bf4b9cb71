import { spawn } from "node:child_process";
import { once } from "node:events";
import { rgPath } from "@vscode/ripgrep";
import type { Answer, Engine, GlobQuery, TextQuery } from "./engine.js";

/** A `match` of ripgrep's JSON lines. */
interface MatchRecord {
  readonly type: string;
  readonly data: { readonly path: { readonly text: string }; readonly line_number: number };
}

/** As a host's tool does it: a process for each search, its JSON parsed line by line, killed at the limit. */
export function ripgrepJson(root: string): Engine {
  return {
    text: (query) => searchJson(root, query, query.first),
    glob: (query) => listFiles(root, query),
    [Symbol.asyncDispose]: async () => undefined,
  };
}

/** The same without the kill, where only the first lines are wanted. */
export function ripgrepJsonToEnd(root: string): Engine {
  return {
    text: (query) => searchJson(root, query, undefined),
    [Symbol.asyncDispose]: async () => undefined,
  };
}

/** The search itself: nobody reads what is found. */
export function ripgrepCount(root: string): Engine {
  return {
    async text(query) {
      const args = ["--count", ...patternArguments(query)];
      await once(spawn(rgPath, args, { cwd: root, stdio: "ignore" }), "close");
      return { count: undefined, keys: () => [] };
    },
    [Symbol.asyncDispose]: async () => undefined,
  };
}

async function searchJson(root: string, query: TextQuery, limit: number | undefined): Promise<Answer> {
  const matches: MatchRecord[] = [];
  await readLines(root, ["--json", ...patternArguments(query)], (line) => {
    const record = JSON.parse(line) as MatchRecord;
    if (record.type === "match") matches.push(record);
    return limit === undefined || matches.length < limit;
  });
  return {
    count: matches.length,
    keys: () => matches.map(({ data }) => `${data.path.text.replace(/^\.\//, "")}:${data.line_number}`),
  };
}

async function listFiles(root: string, query: GlobQuery): Promise<Answer> {
  const paths: string[] = [];
  await readLines(root, ["--no-config", "--files", "--glob", query.glob], (line) => paths.push(line) > 0);
  return { count: paths.length, keys: () => paths };
}

function patternArguments(query: TextQuery): string[] {
  return [
    "--no-config",
    "--no-messages",
    ...(query.literal ? ["--fixed-strings"] : []),
    ...(query.ignoreCase ? ["--ignore-case"] : []),
    ...(query.word ? ["--word-regexp"] : []),
    "--",
    query.pattern,
    ".",
  ];
}

/** Hands ripgrep's lines over until `onLine` answers false; resolves when the process is gone. */
async function readLines(root: string, args: string[], onLine: (line: string) => boolean): Promise<void> {
  const child = spawn(rgPath, args, { cwd: root, stdio: ["ignore", "pipe", "ignore"] });
  const closed = once(child, "close");
  let rest = "";
  let wanted = true;
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    if (!wanted) return;
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    wanted = lines.every(onLine);
    if (!wanted) child.kill();
  });
  await closed;
}
