import { execFile } from "node:child_process";
import { createProject, type Project, ScriptedModel } from "../index.js";
import type { Options } from "./options.js";
import { readTap, type TestResult } from "./report.js";
import { sampleCast } from "./sample-cast.js";
import { SAMPLE_FILES, SAMPLE_GOAL } from "./sample-files.js";
import { serveIsolated } from "./served-host.js";
import { play, type Stage } from "./stage.js";

/** The mission on the sample project, with a scripted model: real host, plugin, tools, edits, checks and state. */
export async function playSample(
  { paceMs, remove }: Extract<Options, { kind: "sample" }>,
  stage: Stage,
): Promise<string | undefined> {
  const project = await createProject({ files: SAMPLE_FILES });
  try {
    stage.view.say(`Sample project ${project.directory}, a scripted model, no network`);
    const before = await runTests(project);
    stage.view.say(`Its tests before: ${describe(before)}`);
    await using model = await ScriptedModel.start({ script: sampleCast(paceMs) });
    let after: TestResult | undefined;
    const cause = await play(
      stage,
      { directory: project.directory, goal: SAMPLE_GOAL, staysInHost: false },
      () =>
        serveIsolated({
          model: { baseURL: model.baseURL },
          plugin: [stage.plugin],
          config: { snapshot: false },
        }),
      async () => {
        after = await runTests(project);
        const { palette, print } = stage;
        print("");
        print(palette.bold("The project's own tests (node --test)"));
        print(`  before: ${palette.red(describe(before))}`);
        print(`  after:  ${(after.failed > 0 ? palette.red : palette.green)(describe(after))}`);
      },
    );
    model.assertNoScriptErrors();
    if (cause !== undefined) return cause;
    return after?.failed === 0 ? undefined : "the project's tests do not pass";
  } finally {
    if (remove) {
      await project[Symbol.asyncDispose]();
      stage.print(`${project.directory} is removed.`);
    }
  }
}

/** Runs the project's tests; a test that fails is a result, and not an error. */
async function runTests(project: Project): Promise<TestResult> {
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const output = await new Promise<string>((resolve) => {
    execFile(
      process.execPath,
      ["--test", "--test-reporter=tap"],
      { cwd: project.directory, env: { ...env, NO_COLOR: "1" } },
      (_error, stdout) => resolve(stdout),
    );
  });
  return readTap(output);
}

function describe({ passed, failed }: TestResult): string {
  return `${passed} pass, ${failed} fail`;
}
