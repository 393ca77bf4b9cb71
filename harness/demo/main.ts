import { Interrupts } from "./interrupts.js";
import { type Options, parseOptions, USAGE, UsageError } from "./options.js";
import { palette, wantsColour } from "./palette.js";
import { playProject } from "./project.js";
import { playSample } from "./sample.js";
import type { Stage } from "./stage.js";
import { openView } from "./view.js";

const EXIT = { ok: 0, failed: 1, usage: 2, interrupted: 130 } as const;

async function main(argv: readonly string[]): Promise<number> {
  let options: Options;
  try {
    options = parseOptions(argv);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`${error.message}\n\n${USAGE}`);
    return EXIT.usage;
  }
  if (options.kind === "help") {
    console.log(USAGE);
    return EXIT.ok;
  }
  const colours = palette(wantsColour(process.stdout, process.env));
  using interrupts = new Interrupts();
  const stage: Stage = {
    palette: colours,
    interrupts,
    view: openView(process.stdout, colours, process.env),
    print: (line) => console.log(line),
    // The build puts this file into build/, beside dist/.
    plugin: new URL("../dist/server.js", import.meta.url).href,
  };
  let cause: string | undefined;
  try {
    cause = options.kind === "sample" ? await playSample(options, stage) : await playProject(options, stage);
  } catch (error) {
    cause = error instanceof Error ? error.message : String(error);
  } finally {
    stage.view.close();
  }
  console.log("");
  if (cause === undefined) {
    console.log(colours.green(colours.bold("The mission is sealed, and its audit chain holds.")));
    return EXIT.ok;
  }
  console.error(colours.red(`Not sealed: ${cause}`));
  return interrupts.signal.aborted ? EXIT.interrupted : EXIT.failed;
}

process.exitCode = await main(process.argv.slice(2));
