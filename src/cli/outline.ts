import { atMost, parse, place, UsageError } from "./arguments.js";
import { type Command, SEARCH_EXIT } from "./environment.js";

const HELP = `Usage: opencode-orchestrator outline [--json] FILE

Lists the symbols that a source file declares, with their lines.

      --json           JSON Lines: kind, name, depth, line, endLine and the rest of the range of each, then {"summary": …}

Exit codes: 0 found, 1 it declares none, 2 wrong usage or an error.
`;

export const command: Command = {
  help: HELP,
  errorExit: SEARCH_EXIT.error,
  run: async (args, { directory, openSearch, out, signal }) => {
    const { values, positionals } = parse(args, { json: { type: "boolean" } });
    if (positionals.length === 0) throw new UsageError("the file is missing");
    atMost(positionals, 1, "Give one file.");
    const search = await openSearch();
    try {
      const symbols = await search.outline(place(directory, positionals[0]).root, signal);
      for (const { kind, name, depth, span } of symbols)
        if (values.json) await out.json({ kind, name, depth, ...span });
        else await out.line(`${"  ".repeat(depth)}${kind} ${name} ${span.line}-${span.endLine}`);
      if (values.json) await out.json({ summary: { total: symbols.length, totalExact: true } });
      return symbols.length > 0 ? SEARCH_EXIT.found : SEARCH_EXIT.nothing;
    } finally {
      await search.close();
    }
  },
};
