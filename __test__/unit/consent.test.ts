import { describe, expect, it } from "vitest";
import { askForCommands, simpleCommands } from "../../src/tools/consent.js";
import type { CallContext } from "../../src/tools/context.js";

describe("a shell line is taken apart", () => {
  it.each<[string, string[]]>([
    ["npm test", ["npm test"]],
    ["npm test -- --run src/a.test.ts", ["npm test -- --run src/a.test.ts"]],
    ["npm run lint && npm test", ["npm run lint", "npm test"]],
    ["a || b; c & d | e", ["a", "b", "c", "d", "e"]],
    ["grep -q 'a && b' file", ["grep -q 'a && b' file"]],
    ['echo "two  words"', ['echo "two  words"']],
    ["test -s a.ts;", ["test -s a.ts"]],
  ])("%s", (line, parts) => {
    expect(simpleCommands(line)).toEqual(parts);
  });
});

describe("a shell line that holds more than commands is not", () => {
  it.each([
    "echo $(id)",
    "echo `id`",
    'echo "$(id)"',
    'echo "`id`"',
    "echo $HOME",
    "cat < in",
    "echo x > out",
    "(cd x; ls)",
    "{ ls; }",
    "a\nb",
    "a \\; b",
    "X=1 npm test",
    "env X=1 npm test",
    "bash -c 'rm -rf x'",
    "eval ls",
    ". ./script",
    "xargs rm",
    "sudo ls",
    "cat /etc/passwd",
    "cat ~/.ssh/id",
    "cat ../secret",
    "cat '/etc/passwd'",
    "echo 'unclosed",
    "ls # comment",
  ])("%s", (line) => {
    expect(simpleCommands(line)).toBeUndefined();
  });
});

describe("consent", () => {
  async function asked(...lines: string[]) {
    const questions: { permission: string; patterns: string[]; always: string[] }[] = [];
    const ask: CallContext["ask"] = async ({ permission, patterns, always }) => {
      questions.push({ permission, patterns, always });
    };
    await askForCommands(lines, { ask } as CallContext);
    return questions;
  }

  it("is asked for each part, under the user's rules for the shell", async () => {
    expect(await asked("npm test && rm -f x")).toEqual([
      { permission: "bash", patterns: ["npm test", "rm -f x"], always: ["npm test", "rm -f x"] },
    ]);
  });

  it("is asked for under a name of our own as well where the parts cannot be told", async () => {
    const line = "echo $(id)";
    expect(await asked(line)).toEqual([
      { permission: "bash", patterns: [line], always: [line] },
      { permission: "mission_commands", patterns: [line], always: [line] },
    ]);
  });

  it("for good is not offered for a command whose wildcard would become one of the rule", async () => {
    expect((await asked("rm *.log"))[0]).toMatchObject({ patterns: ["rm *.log"], always: [] });
  });

  it("that is refused ends the asking", async () => {
    let questions = 0;
    const ask = async () => {
      questions++;
      throw Object.assign(new Error("no"), { name: "PermissionRejectedError" });
    };
    await expect(askForCommands(["a", "b"], { ask } as unknown as CallContext)).rejects.toThrow("no");
    expect(questions).toBe(1);
  });
});
