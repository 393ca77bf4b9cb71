import type { Hooks, PluginInput } from "@opencode-ai/plugin";
import { createPlugin } from "./plugin.js";

/** What OpenCode loads. */
const plugin = {
  id: "opencode-orchestrator",
  server: async (input: PluginInput, options?: Record<string, unknown>): Promise<Hooks> =>
    createPlugin(input, options),
};

export default plugin;
