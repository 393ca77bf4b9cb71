import type { Hooks, PluginInput } from "@opencode-ai/plugin";
import { HookRegistry } from "../hooks/index.js";
import { createSearch } from "../isolation/index.js";
import { fileLog } from "../log/index.js";
import { SeenBoards } from "../mission/index.js";
import { cacheFolder, systemClock } from "../node/index.js";
import { Shutdown } from "../shutdown/index.js";
import { memoryTool, missionTools, searchTools } from "../tools/index.js";
import { ChangedFiles } from "./changes.js";
import { type ConfigFindings, extendConfig } from "./config.js";
import { assertWritable, realPaths } from "./guard.js";
import { type HostPoints, hostHooks, pluginHooks } from "./hooks.js";
import { OpenCodeHost } from "./host.js";
import { findNativeCore } from "./native-core.js";
import { OpenedProject } from "./opened-project.js";
import { parseOptions } from "./options.js";
import { Project } from "./project.js";
import { RELEASE_ORDER } from "./release-order.js";
import { SessionContext } from "./session-context.js";
import { startUp } from "./startup.js";

/**
 * Composes everything for one project directory. Nothing here waits for the host: its server is not up before
 * this returns.
 */
export async function createPlugin(input: PluginInput, rawOptions: unknown): Promise<Hooks> {
  const { directory } = input;
  const log = fileLog({ pid: process.pid, directory });
  const shutdown = new Shutdown({ clock: systemClock, log });
  shutdown.add({ name: "log", priority: RELEASE_ORDER.log, release: () => log.settled() });
  const { options, problems, limits } = parseOptions(rawOptions);
  const changed = new ChangedFiles(directory);
  const boards = new SeenBoards();
  let findings: ConfigFindings = { commands: new Map(), agents: new Map(), models: new Map() };
  const host = new OpenCodeHost(input, log, (role) => findings.agents.get(role) ?? role);
  const warn = (title: string, message: string) => void host.notify({ title, message, variant: "warning" });
  const search = createSearch({
    isolation: options.native.isolation,
    search: {
      index: options.native.index && {
        maxBytes: options.native.indexMegabytes * 2 ** 20,
        cacheDirectory: cacheFolder("index"),
      },
    },
    log,
    onFallback: (error) => log.warn("search.fallback", { error: error.message }),
  });
  shutdown.add({ name: "search", priority: RELEASE_ORDER.search, release: () => search.close() });
  const core = await findNativeCore(search, directory);
  const project = new OpenedProject(async () => {
    // The state of missions is in the core.
    if (core.kind !== "here") throw core.error;
    return Project.open({
      directory,
      host,
      log,
      options,
      search,
      shutdown,
      agentModel: (role) => findings.models.get(role),
      isAsking: (sessions) => sessions.some((session) => host.isAsking(session)),
    });
  });
  shutdown.add({
    name: "opening",
    priority: RELEASE_ORDER.opening,
    release: async () => void (await project.ifAny()),
  });
  const hooks = new HookRegistry<HostPoints>(
    pluginHooks({
      directory,
      project,
      host,
      changed,
      boards,
      sessions: new SessionContext(options, log),
      limits,
      command: (name) => findings.commands.get(name),
    }),
    {
      log,
      elapsed: () => performance.now(),
      onDisabled: (name, reason) => warn(`The hook ${name} failed again and again and is off`, reason),
    },
    options.hooks,
  );
  shutdown.add({ name: "hooks", priority: RELEASE_ORDER.hooks, release: () => hooks.report() });
  const ports = {
    directory,
    engine: () => project.engine(),
    memory: async () => (await project.get()).memory,
    changedFiles: (session: string) => changed.of(session),
    boards,
  };
  const searchPorts = {
    directory,
    search,
    assertWritable: async (session: string, paths: readonly string[]) => {
      const engine = await project.engineIfAny();
      if (engine) await assertWritable(engine, directory, session, paths);
    },
    recordChanged: (session: string, paths: readonly string[]) => changed.record(session, paths),
    editing: async (session: string, call: string, paths: readonly string[]) =>
      (await project.engineIfAny())?.writes.editing(session, call, await realPaths(directory, paths)),
    edited: async (session: string, call: string, paths: readonly string[]) =>
      (await project.engineIfAny())?.writes.edited(session, call, await realPaths(directory, paths)),
  };

  // Once the host is up: what it asks of its server during start would wait for ever.
  setImmediate(() => {
    if (shutdown.hasBegun) return;
    for (const problem of [...problems, ...hooks.problems]) {
      log.warn("options", { problem });
      warn("Options of opencode-orchestrator", problem);
    }
    void startUp({ directory, log, project, core, warn });
  });

  return {
    config: async (config) => {
      findings = extendConfig(config);
    },
    tool: {
      // Ours stand in for the host's: where they could not work, those must stay.
      ...(options.searchTools && core.kind !== "none" && searchTools(searchPorts)),
      ...missionTools(ports),
      memory: memoryTool(ports),
    },
    ...hostHooks(hooks),
    dispose: () => shutdown.run(),
  };
}
