import { appendFileSync } from "node:fs";

// A plugin that times the start of another one inside the host, beside one that does nothing.
// Options: { plugin, empty, output }: file URLs, and the file for one JSON line a start.

/**
 * @param {string} url
 * @param {unknown} input
 */
async function start(url, input) {
  const begin = performance.now();
  const module = await import(url);
  const imported = performance.now();
  const hooks = await module.default.server(input, {});
  return { importMs: imported - begin, serverMs: performance.now() - imported, hooks };
}

export default {
  id: "start-probe",
  /**
   * @param {unknown} input
   * @param {{ plugin: string, empty: string, output: string, emptyFirst: boolean }} options
   */
  server: async (input, options) => {
    const order = options.emptyFirst ? [options.empty, options.plugin] : [options.plugin, options.empty];
    /** @type {Record<string, { importMs: number, serverMs: number, hooks: object }>} */
    const started = {};
    for (const url of order) started[url] = await start(url, input);
    const ours = started[options.plugin];
    const empty = started[options.empty];
    const line = {
      importMs: ours?.importMs,
      serverMs: ours?.serverMs,
      emptyMs: (empty?.importMs ?? 0) + (empty?.serverMs ?? 0),
    };
    appendFileSync(options.output, `${JSON.stringify(line)}\n`);
    return ours?.hooks ?? {};
  },
};
