import { statSync } from "node:fs";
import { resolve } from "node:path";
import { parseArgs } from "node:util";

export const USAGE = `Usage:
  npm start                                 a mission on a small sample project, played by a scripted model:
                                            real OpenCode, the real plugin, no key and no network
  npm start -- --project DIR [--model provider/model] "goal"
                                            a real mission in your project, with your own OpenCode settings and keys

Options:
  --project DIR            the project to work in
  --model PROVIDER/MODEL   the model of all agents; default: the one that your OpenCode uses
  --pace MS                sample only: how long the scripted model thinks before each reply (default 900)
  --remove                 sample only: delete the sample project at the end; otherwise it is kept to look at
  -h, --help               this text

Ctrl-C stops the mission, then OpenCode; a second one ends at once. NO_COLOR is respected.
Exit codes: 0 the mission is sealed and its audit chain holds, 1 it is not, 2 wrong usage, 130 stopped by Ctrl-C.
`;

export type Options =
  | { readonly kind: "help" }
  | { readonly kind: "sample"; readonly paceMs: number; readonly remove: boolean }
  | {
      readonly kind: "project";
      readonly directory: string;
      readonly goal: string;
      readonly model: string | undefined;
    };

/** What is wrong with the command line, for the person who wrote it. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

const DEFAULT_PACE_MS = 900;

/** @throws UsageError */
export function parseOptions(argv: readonly string[]): Options {
  const { values, positionals } = parse(argv);
  if (values.help) return { kind: "help" };
  const goal = positionals.join(" ").trim();
  if (values.project === undefined) {
    if (goal !== "")
      throw new UsageError(
        `a goal needs a project to work in: npm start -- --project DIR ${JSON.stringify(goal)}`,
      );
    if (values.model !== undefined)
      throw new UsageError("--model needs --project: the sample has a scripted model");
    return { kind: "sample", paceMs: paceOf(values.pace), remove: values.remove ?? false };
  }
  if (values.pace !== undefined || values.remove)
    throw new UsageError("--pace and --remove are for the sample, and not for --project");
  const directory = resolve(values.project);
  if (!statSync(directory, { throwIfNoEntry: false })?.isDirectory())
    throw new UsageError(`--project ${values.project}: there is no such folder (${directory})`);
  if (goal === "")
    throw new UsageError(
      'the goal is missing, such as: npm start -- --project DIR "add a health check to the server"',
    );
  if (values.model !== undefined && !/^[^/\s]+\/\S+$/.test(values.model))
    throw new UsageError(
      `--model ${values.model}: it is written provider/model, such as anthropic/claude-sonnet-4-5`,
    );
  return { kind: "project", directory, goal, model: values.model };
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        project: { type: "string" },
        model: { type: "string" },
        pace: { type: "string" },
        remove: { type: "boolean" },
        help: { type: "boolean", short: "h" },
      },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function paceOf(text: string | undefined): number {
  if (text === undefined) return DEFAULT_PACE_MS;
  const pace = Number(text);
  if (!/^\d+$/.test(text) || pace > 60_000)
    throw new UsageError(`--pace ${text}: milliseconds, from 0 to 60000`);
  return pace;
}
