import type { Options } from "./options.js";
import { serveForUser } from "./served-host.js";
import { play, type Stage } from "./stage.js";

/** A real mission in the user's project, with their own OpenCode. */
export async function playProject(
  { directory, goal, model }: Extract<Options, { kind: "project" }>,
  stage: Stage,
): Promise<string | undefined> {
  stage.view.say(`Project ${directory}, with your own OpenCode settings; model: ${model ?? "your default"}`);
  return play(stage, { directory, goal, model, staysInHost: true }, () =>
    serveForUser(directory, stage.plugin),
  );
}
