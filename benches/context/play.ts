import type { MissionPlay, ToolCall } from "../../harness/index.js";

/** Rounds of reading, editing and testing that each Worker goes through. */
const ROUNDS = 12;
const MODULES = 6;

/** A source file as agents meet them: some 12,000 characters. */
export function sourceFile(name: string): string {
  const functions = Array.from(
    { length: 100 },
    (_, index) =>
      `/** Part ${index} of ${name}. */\nexport function ${name}${index}(value: number): number {\n  return value * ${index} + 1;\n}\n`,
  );
  return `export const version_${name} = 0;\n${functions.join("\n")}`;
}

export function files(): Record<string, string> {
  const names = ["parse", "render"].flatMap((task) =>
    Array.from({ length: MODULES }, (_, index) => `${task}_${index}`),
  );
  return Object.fromEntries(names.map((name) => [`src/${name}.ts`, sourceFile(name)]));
}

/**
 * What a Worker does in a longer task: reads a file, edits it, looks whether all is well, goes on to the next and comes
 * back. Descriptions and numbers differ, so that no two calls are the same to the script.
 */
function attempt(task: string): (directory: string) => ToolCall[] {
  return (directory) => [
    {
      name: "memory",
      args: {
        action: "remember",
        tier: "project",
        text: `${task} keeps its version in the first line of each file`,
      },
    },
    ...Array.from({ length: ROUNDS }, (_, round): ToolCall[] => {
      const name = `${task}_${round % MODULES}`;
      const filePath = `${directory}/src/${name}.ts`;
      const version = Math.floor(round / MODULES);
      return [
        // The whole file, each time.
        { name: "read", args: { filePath, ...(version > 0 && { offset: 0 }) } },
        {
          name: "edit",
          args: {
            filePath,
            oldString: `version_${name} = ${version};`,
            newString: `version_${name} = ${version + 1};`,
          },
        },
        {
          name: "bash",
          args: { command: `grep -c value src/*.ts; seq 1 600`, description: `Test round ${round}` },
        },
      ];
    }).flat(),
  ];
}

function task(id: string, dependencies: string[] = []) {
  return {
    id,
    title: `Bring ${id} forward`,
    instructions: `Raise the version in every file src/${id}_*.ts, twice, and see the tests pass each time.`,
    dependencies,
    writes: [`src/${id}_*.ts`],
    checks: {
      commands: [`grep -q 'version_${id}_0 = 2' src/${id}_0.ts`],
      files: [],
      criteria: ["versions are 2"],
    },
  };
}

/** A mission of two long tasks, one after the other. */
export const play: MissionPlay = {
  plans: [
    {
      summary: "two long tasks",
      tasks: [task("parse"), task("render", ["parse"])],
      finalCommands: ["test -d src"],
    },
  ],
  workers: { parse: { attempts: [attempt("parse")] }, render: { attempts: [attempt("render")] } },
};
