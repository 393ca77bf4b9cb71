import { spawn } from "node:child_process";
import { SetupError } from "./lib/run.mjs";
import { setup } from "./lib/setup.mjs";

// `npm start`: sets the checkout up, then runs the demo, or a mission of the user's own.
try {
  await setup();
  const demo = spawn(process.execPath, ["build/demo.js", ...process.argv.slice(2)], { stdio: "inherit" });
  // The demo ends its mission on Ctrl-C; we wait for it.
  process.on("SIGINT", () => undefined);
  demo.on("exit", (code) => {
    process.exitCode = code ?? 1;
  });
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  console.error(`\n${error.message}`);
  process.exitCode = 1;
}
