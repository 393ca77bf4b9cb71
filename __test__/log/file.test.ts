import { spawn } from "node:child_process";
import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { build } from "tsdown";
import { describe, expect, it } from "vitest";
import { waitUntil } from "../../harness/wait-until.js";
import { fileLog, type LogEntry, LogFile, type LogPlace, logFiles, readLog } from "../../src/log/index.js";
import { collect, failureOf, temporaryFolder } from "../native/temporary.js";

const NAME = "opencode-orchestrator.log";
const isRoot = process.getuid?.() === 0;
const posix = process.platform !== "win32";

function twoPlaces() {
  const folder = temporaryFolder();
  const places: LogPlace[] = [
    { folder, isOwn: false },
    { folder: join(folder, "own"), isOwn: true },
  ];
  return { folder, places, shared: join(folder, NAME), own: join(folder, "own", NAME) };
}

describe("the log file", () => {
  it("is made for its owner alone, and appended to", async () => {
    const { places, shared } = twoPlaces();
    await new LogFile(places).append("one\n");
    await new LogFile(places).append("two\n");
    expect(readFileSync(shared, "utf8")).toBe("one\ntwo\n");
    if (posix) expect(statSync(shared).mode & 0o777).toBe(0o600);
  });

  it.runIf(posix)("loses the modes that let others read it", async () => {
    const { places, shared } = twoPlaces();
    writeFileSync(shared, "", { mode: 0o644 });
    await new LogFile(places).append("one\n");
    expect(statSync(shared).mode & 0o777).toBe(0o600);
  });

  // Each is what another local user can do in a temporary directory that all may write to.
  it.runIf(posix).each<[string, (shared: string) => string | undefined]>([
    [
      "a link to one of the user's files",
      (shared) => {
        const victim = `${shared}.victim`;
        writeFileSync(victim, "precious\n");
        symlinkSync(victim, shared);
        return victim;
      },
    ],
    [
      "a second name of one of the user's files",
      (shared) => {
        const victim = `${shared}.victim`;
        writeFileSync(victim, "precious\n");
        linkSync(victim, shared);
        return victim;
      },
    ],
    ["a link to nowhere", (shared) => void symlinkSync("/nonexistent/file", shared)],
    ["a folder", (shared) => void mkdirSync(shared)],
  ])("evades %s", async (_, prepare) => {
    const { places, shared, own } = twoPlaces();
    const victim = prepare(shared);
    await new LogFile(places).append("one\n");
    expect(readFileSync(own, "utf8")).toBe("one\n");
    expect(statSync(join(own, "..")).mode & 0o777).toBe(0o700);
    if (victim) expect(readFileSync(victim, "utf8")).toBe("precious\n");
  });

  it.runIf(posix && isRoot)("evades a file, and then a folder, that belongs to another user", async () => {
    const { places, shared, own } = twoPlaces();
    writeFileSync(shared, "theirs\n", { mode: 0o666 });
    chownSync(shared, 12_345, 12_345);
    await new LogFile(places).append("one\n");
    expect(readFileSync(shared, "utf8")).toBe("theirs\n");
    expect(readFileSync(own, "utf8")).toBe("one\n");
    // And is not read as ours either.
    expect(await logFiles(places)).toEqual([own]);
    chownSync(join(own, ".."), 12_345, 12_345);
    await failureOf(new LogFile(places).append("two\n"));
    expect(readFileSync(own, "utf8")).toBe("one\n");
  });

  it.runIf(posix)("does not wait for the reader of a pipe", async () => {
    const { places, shared, own } = twoPlaces();
    await new Promise((resolve) => spawn("mkfifo", [shared]).once("close", resolve));
    await new LogFile(places).append("one\n");
    expect(readFileSync(own, "utf8")).toBe("one\n");
  });

  it.runIf(posix)("does not use a private folder that others may enter", async () => {
    const { places, shared, own } = twoPlaces();
    mkdirSync(shared);
    mkdirSync(join(own, ".."));
    chmodSync(join(own, ".."), 0o777);
    await failureOf(new LogFile(places).append("one\n"));
    expect(existsSync(own)).toBe(false);
  });

  it("is put away when it is full, and the last few are kept", async () => {
    const { folder, places } = twoPlaces();
    const file = new LogFile(places, { maxBytes: 100, archives: 2 });
    for (let index = 0; index < 40; index++) {
      await file.append(`${String(index).padStart(49, "0")}\n`);
      // Archives are in the order of their times.
      await delay(3);
    }
    const names = readdirSync(folder).sort();
    const archives = names.filter((name) => name !== NAME);
    expect(archives).toHaveLength(2);
    const text = [...archives, NAME].map((name) =>
      names.includes(name) ? readFileSync(join(folder, name), "utf8") : "",
    );
    const numbers = text.join("").trim().split("\n").map(Number);
    expect(numbers).toEqual(numbers.map((_, index) => 40 - numbers.length + index));
    if (posix) for (const name of names) expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
  });

  it("loses and tears no line when several processes write and put it away", async () => {
    const { folder } = twoPlaces();
    const programs = temporaryFolder();
    await build({
      config: false,
      logLevel: "silent",
      format: "esm",
      platform: "node",
      outExtensions: () => ({ js: ".mjs" }),
      dts: false,
      entry: { writer: fileURLToPath(new URL("programs/writer.ts", import.meta.url)) },
      outDir: programs,
    });
    const writers = ["a", "b", "c"].map(
      (name) =>
        new Promise<number | null>((resolve, reject) => {
          const args = [join(programs, "writer.mjs"), folder, name, "200"];
          const child = spawn(process.execPath, args, { stdio: ["ignore", "ignore", "inherit"] });
          child.once("error", reject);
          child.once("close", resolve);
        }),
    );
    expect(await Promise.all(writers)).toEqual([0, 0, 0]);
    const lines = readdirSync(folder).flatMap((name) =>
      readFileSync(join(folder, name), "utf8").trimEnd().split("\n"),
    );
    const expected = ["a", "b", "c"].flatMap((name) =>
      Array.from({ length: 200 }, (_, index) => `${name}:${index}${"x".repeat(80)}`),
    );
    expect(lines.sort()).toEqual(expected.sort());
  });
});

describe("events", () => {
  const logged = async (write: (log: ReturnType<typeof fileLog>) => void): Promise<LogEntry[]> => {
    const { places } = twoPlaces();
    write(fileLog({ pid: 1, directory: "/p" }, new LogFile(places)));
    return waitUntil(
      async () => {
        const found = await collect(readLog(places));
        return found.length > 0 ? found : undefined;
      },
      { what: "the log to be written" },
    );
  };

  it("are lines of JSON with their context, in order, and with secrets masked", async () => {
    const found = await logged((log) => {
      log.info("one", { mission: "M1", task: "T1", session: "ses_1" });
      log.warn("two", {
        error: "401 for https://u:hunter22@h/",
        apiKey: "k",
        nested: { password: "p", n: 1 },
      });
      log.error("three");
    });
    expect(found.map(({ time: _, ...rest }) => rest)).toEqual([
      { level: "info", event: "one", pid: 1, directory: "/p", mission: "M1", task: "T1", session: "ses_1" },
      {
        level: "warn",
        event: "two",
        pid: 1,
        directory: "/p",
        error: "401 for https://u:[masked]@h/",
        apiKey: "[masked]",
        nested: { password: "[masked]", n: 1 },
      },
      { level: "error", event: "three", pid: 1, directory: "/p" },
    ]);
  });

  it("of any content do no harm", async () => {
    const circle: Record<string, unknown> = {};
    circle["circle"] = circle;
    const found = await logged((log) => {
      log.info("circle", circle);
      log.info("big", { big: 10n ** 30n, text: "é".repeat(100_000) });
    });
    expect(found[0]).toMatchObject({ event: "circle", unwritable: expect.stringContaining("circular") });
    expect(found[1]).toMatchObject({ big: `1${"0".repeat(30)}` });
    expect(String(found[1]?.["text"]).length).toBeLessThan(9_000);
  });

  it("that cannot be written disturb nobody", async () => {
    const failing = { append: () => Promise.reject(new Error("no space left on device")) };
    const log = fileLog({}, failing);
    for (let index = 0; index < 100; index++) log.info("event", { index });
    // A rejection that nobody handles would fail this run.
    await delay(10);
  });
});
