import type { CallContext } from "./context.js";

/** Our own permission, for commands whose parts cannot be told apart. Its default is to ask. */
export const COMMAND_PERMISSION = "mission_commands";

/**
 * The simple commands that a shell line consists of, or undefined when it holds anything else: substitutions,
 * redirections, groups, assignments, paths that may lead out of the project. Errs on the side of undefined.
 */
export function simpleCommands(line: string): string[] | undefined {
  const commands: string[] = [];
  let current = "";
  let quote = "";
  for (let i = 0; i < line.length; i++) {
    const char = line[i] ?? "";
    if (quote) {
      if (char === quote) quote = "";
      else if (quote === '"' && /[$`\\]/.test(char)) return undefined;
      current += char;
    } else if (char === "'" || char === '"') {
      quote = char;
      current += char;
    } else if (/[;&|]/.test(char)) {
      commands.push(current);
      current = "";
      if (line[i + 1] === char) i++;
    } else if (/[$`\\<>(){}\n\r!#]/.test(char)) return undefined;
    else current += char;
  }
  commands.push(current);
  const trimmed = commands.map((one) => one.trim()).filter((one) => one !== "");
  return quote || trimmed.some(leadsAway) ? undefined : trimmed;
}

/** A command that sets variables first, runs another one's text, or names a path that may lie outside. */
function leadsAway(command: string): boolean {
  const [name = "", ...rest] = command.split(/\s+/);
  if (name.includes("=") || /^(eval|exec|source|\.|sh|bash|zsh|env|xargs|sudo)$/.test(name)) return true;
  return [name, ...rest].some((word) => /^["']?(\/|~)|\.\./.test(word));
}

/**
 * Asks for the user's consent to the commands of a plan: each of their parts under the user's own rules for the
 * shell, as the host asks for an agent's; a line that cannot be taken apart also under a permission of our own.
 * @throws the host's rejection.
 */
export async function askForCommands(lines: readonly string[], context: CallContext): Promise<void> {
  for (const line of lines) {
    const parts = simpleCommands(line);
    const metadata = { command: line, description: "Acceptance check of this mission" };
    const patterns = parts ?? [line];
    // A wildcard in a command must not become one in a rule that the user grants for good.
    const always = patterns.filter((pattern) => !/[*?]/.test(pattern));
    await context.ask({ permission: "bash", patterns, always, metadata });
    if (!parts) await context.ask({ permission: COMMAND_PERMISSION, patterns, always, metadata });
  }
}

/** True for the host's word that the user, or a rule of the user's, refused. */
export function isRefusal(error: unknown): boolean {
  const { name, _tag } = error as { name?: unknown; _tag?: unknown };
  return [name, _tag].some((kind) => /^Permission(Rejected|Corrected|Denied)Error$/.test(String(kind)));
}
