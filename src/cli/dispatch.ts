import { parseArgs } from "node:util";
import type { Action } from "../mission/index.js";
import { UsageError } from "./arguments.js";
import { type Command, type Environment, EXIT } from "./environment.js";
import { OutputClosed } from "./output.js";

const NAME = "opencode-orchestrator";

const USAGE = `Usage: ${NAME} <command> [options]

  install                 put the plugin into OpenCode's configuration
  uninstall               take it out again
  rollback                put back the file that was changed last
  doctor                  find and explain what keeps it from working
  grep PATTERN [PATH]     search file contents, as ripgrep does
  glob PATTERN…           find files by name
  ast PATTERN [PATH]      find code by its shape, and rewrite it
  outline FILE            the symbols that a file declares
  status                  the boards of the project's missions
  pause, resume, stop     a mission that an OpenCode runs; retry sends one task back to work
  audit verify            recompute the audit chain
  audit log               every commit, oldest first
  audit export            the whole state as JSON Lines
  state backup            a verified copy; also compact, recover, import
  logs                    what the plugin has written to its log; --follow

  <command> --help        its options

Exit codes
  grep, glob, ast, outline  as ripgrep's: 0 found, 1 nothing found, 2 wrong usage or an error
  the others                0 all is well, 1 a check failed or you said no, 2 wrong usage, 3 it could not be done
  all                       130 interrupted (Ctrl-C)
`;

/** Loaded when it is called: a search needs nothing of the missions, and the other way round. */
const COMMANDS: ReadonlyMap<string, () => Promise<{ command: Command }>> = new Map([
  ["install", () => import("./install.js")],
  ["uninstall", () => import("./uninstall.js")],
  ["rollback", () => import("./rollback.js")],
  ["doctor", () => import("./doctor.js")],
  ["grep", () => import("./grep.js")],
  ["glob", () => import("./glob.js")],
  ["ast", () => import("./ast.js")],
  ["outline", () => import("./outline.js")],
  ["status", () => import("./status.js")],
  ["pause", () => control("pause")],
  ["resume", () => control("resume")],
  ["stop", () => control("stop")],
  ["retry", () => control("retry")],
  ["audit", () => import("./audit.js")],
  ["state", () => import("./state.js")],
  ["logs", () => import("./logs.js")],
]);

async function control(action: Action): Promise<{ command: Command }> {
  return { command: (await import("./control.js")).control(action) };
}

/** Runs one command. Returns the exit code. */
export async function main(argv: readonly string[], environment: Environment): Promise<number> {
  const { out, warn, signal } = environment;
  const { name, args, help } = split(argv);
  let command: Command | undefined;
  try {
    command = (await COMMANDS.get(name ?? "")?.())?.command;
    if (!command) {
      if (name === undefined && help) return await printed(USAGE, environment);
      warn(`${name === undefined ? "" : `There is no command "${name}".\n\n`}${USAGE}`);
      return EXIT.usage;
    }
    if (help) return await printed(command.help, environment);
    const code = await command.run(args, environment);
    await out.flush();
    return code;
  } catch (error) {
    if (signal.aborted) return EXIT.interrupted;
    // As ripgrep: that nobody reads any more is no error.
    if (error instanceof OutputClosed) return EXIT.ok;
    if (error instanceof UsageError) {
      warn(`${NAME} ${name}: ${error.message}\n${NAME} ${name} --help shows its options.`);
      return EXIT.usage;
    }
    const { explain } = await import("./explain.js");
    warn(`${NAME} ${name}: ${command ? explain(error, command) : error}`);
    return command?.errorExit ?? EXIT.error;
  }
}

async function printed(text: string, { out }: Environment): Promise<number> {
  await out.write(text);
  await out.flush();
  return EXIT.ok;
}

/** Takes the command's name out of the arguments. Options may stand before it. */
function split(argv: readonly string[]): { name: string | undefined; args: string[]; help: boolean } {
  const { tokens } = parseArgs({
    args: [...argv],
    strict: false,
    tokens: true,
    allowPositionals: true,
    options: { project: { type: "string" } },
  });
  const index = tokens.find((token) => token.kind === "positional")?.index;
  const first = argv[0];
  const helped = first === "--help" || first === "-h";
  if (index === undefined) return { name: undefined, args: [], help: helped };
  const args = argv.toSpliced(index, 1);
  const end = args.indexOf("--");
  // `-e --help` and `-e -h` are patterns.
  const asks = (arg: string, at: number) =>
    /^(--help|-h)$/.test(arg) && !/^(-e|--regexp)$/.test(args[at - 1] ?? "");
  return { name: argv[index], args, help: args.slice(0, end < 0 ? undefined : end).some(asks) };
}
