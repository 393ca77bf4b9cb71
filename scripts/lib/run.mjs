import { spawn } from "node:child_process";

/**
 * Runs a command, shows what it prints as it comes, and answers it too.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ env?: NodeJS.ProcessEnv, quiet?: boolean }} [options] `quiet`: show the output only when it fails
 * @returns {Promise<{ code: number, output: string }>}
 */
export function run(command, args, options = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      env: { ...process.env, ...options.env },
      stdio: ["inherit", "pipe", "pipe"],
      // npm and npx are scripts on Windows.
      shell: process.platform === "win32",
    });
    let output = "";
    /** @param {Buffer} chunk */
    const keep = (chunk) => {
      output += chunk;
      if (!options.quiet) process.stdout.write(chunk);
    };
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    child.on("error", (error) => resolve({ code: 127, output: `${output}${error.message}\n` }));
    child.on("close", (code) => {
      if (options.quiet && code !== 0) process.stdout.write(output);
      resolve({ code: code ?? 1, output });
    });
  });
}

/** Something is missing or failed, and the message says what to do. */
export class SetupError extends Error {}

/**
 * As `run`, but a failure ends the set-up.
 *
 * @param {string} what shown before the command and in the error
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ env?: NodeJS.ProcessEnv, quiet?: boolean }} [options]
 */
export async function mustRun(what, command, args, options) {
  const started = Date.now();
  console.log(`… ${what}`);
  const { code } = await run(command, args, { quiet: true, ...options });
  if (code !== 0) throw new SetupError(`${what} failed (${command} ${args.join(" ")}, exit code ${code}).`);
  console.log(`  done in ${((Date.now() - started) / 1000).toFixed(1)} s`);
}
