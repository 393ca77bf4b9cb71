import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { animate } from "./lib/terminal-svg.mjs";

// `npm run picture`: records `npm start` in a terminal (tmux) and writes docs/mission.svg, an animation of the
// frames as they were.

const SESSION = `picture-${process.pid}`;
const SIZE = { columns: 112, rows: 25 };
const EVERY_MS = 500;
const LIMIT_MS = 180_000;

/** @param {string[]} args */
const tmux = (...args) => execFileSync("tmux", args, { encoding: "utf8" });
const shown = () => tmux("capture-pane", "-e", "-p", "-t", SESSION);

const command = "npm start --silent -- --remove; sleep 60";
tmux("new-session", "-d", "-s", SESSION, "-x", String(SIZE.columns), "-y", String(SIZE.rows), command);
/** @type {{ atMs: number, text: string }[]} */
const frames = [];
const started = Date.now();
try {
  while (Date.now() - started < LIMIT_MS) {
    const text = shown();
    if (text.includes("audit chain holds")) break;
    // The set-up before and the report afterwards are not part of the picture: only the live view has its goal on top.
    if (/^[^\n]*Goal/m.test(text) && !text.includes("The Commander says") && text !== frames.at(-1)?.text)
      frames.push({ atMs: Date.now() - started, text });
    await delay(EVERY_MS);
  }
} finally {
  tmux("kill-session", "-t", SESSION);
}
if (frames.length < 5) throw new Error("the mission did not run; try `npm start` by hand");
writeFileSync("docs/mission.svg", animate(frames, SIZE));
console.log(`docs/mission.svg: ${frames.length} frames`);
