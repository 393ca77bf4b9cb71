import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Hooks, PluginInput } from "@opencode-ai/plugin";
import { createSearch } from "../isolation/index.js";
import { addon, REWRITE_JOURNAL, recoverRewrite } from "../native/index.js";
import { cacheFolder, fileLog, stateFile, todoFile } from "../node/index.js";
import type { ModelRef } from "../ports/index.js";
import { memoryTool, missionTools, searchTools } from "../tools/index.js";
import { ChangedFiles, editedPaths } from "./changes.js";
import { runCommand } from "./commands.js";
import { type ConfigFindings, extendConfig } from "./config.js";
import { editedFile, sessionEvent } from "./events.js";
import { assertWritable, guardCall } from "./guard.js";
import { OpenCodeHost } from "./host.js";
import { parseOptions } from "./options.js";
import { Project } from "./project.js";

/**
 * Composes everything for one project directory. Nothing here waits for the host: its server is not up before
 * this returns.
 */
export function createPlugin(input: PluginInput, rawOptions: unknown): Hooks {
  const { directory } = input;
  const log = fileLog({ pid: process.pid, directory });
  const { options, problems } = parseOptions(rawOptions);
  const changed = new ChangedFiles(directory);
  let findings: ConfigFindings = { commands: new Map(), agents: new Map(), models: new Map() };
  const host = new OpenCodeHost(input, log, (role) => findings.agents.get(role) ?? role);
  const search = createSearch({
    isolation: options.native.isolation,
    search: {
      index: options.native.index && {
        maxBytes: options.native.indexMegabytes * 2 ** 20,
        cacheDirectory: cacheFolder("index"),
      },
    },
    log,
    onFallback: (error) => {
      log.warn("search.fallback", { error: error.message });
      warn("Searches run in helper processes", "This host cannot load the native core: missions are off.");
    },
  });
  let opened: Promise<Project> | undefined;
  const project = () => {
    opened ??= Project.open({
      directory,
      host,
      log,
      options,
      search,
      agentModel: (role) => findings.models.get(role),
      isAsking: (sessions) => sessions.some((session) => host.isAsking(session)),
    });
    // A project that could not be opened is tried again by the next call.
    opened.catch(() => {
      opened = undefined;
    });
    return opened;
  };
  const ports = {
    directory,
    engine: async () => (await project()).engine,
    memory: async () => (await project()).memory,
    changedFiles: (session: string) => changed.of(session),
  };

  /** The project, if there has been a mission; a state that cannot be opened is no reason to disturb a chat. */
  const projectIfAny = async () => opened?.catch(() => undefined);
  const engineIfAny = async () => (await projectIfAny())?.engine;
  const searchPorts = {
    directory,
    search,
    assertWritable: async (session: string, paths: readonly string[]) => {
      const engine = await engineIfAny();
      if (engine) await assertWritable(engine, directory, session, paths);
    },
    recordChanged: (session: string, paths: readonly string[]) => changed.record(session, paths),
  };

  // Once the host is up: what it asks of its server during start would wait for ever.
  setImmediate(() => {
    for (const problem of problems) {
      log.warn("options", { problem });
      warn("Options of opencode-orchestrator", problem);
    }
    try {
      addon();
    } catch (error) {
      log.error("addon.failed", { error: String(error) });
      warn("opencode-orchestrator has no native core", describe(error));
      return;
    }
    if (existsSync(join(directory, REWRITE_JOURNAL))) void finishRewrite();
    if (existsSync(stateFile(directory))) void recover();
  });
  async function finishRewrite(): Promise<void> {
    try {
      const { restored, changed } = await recoverRewrite(directory);
      log.info("rewrite.recovered", { restored: restored.length, changed: changed.length });
    } catch (error) {
      log.error("rewrite.failed", { error: describe(error) });
      warn("A rewrite that was cut short could not be undone", describe(error));
    }
  }
  function warn(title: string, message: string): void {
    void host.notify({ title, message, variant: "warning" });
  }
  async function recover(): Promise<void> {
    try {
      const here = await project();
      // What was edited while nobody was here counts before anybody goes on.
      await here.readTodo();
      const foreign = await here.engine.recover();
      for (const { id } of foreign)
        warn(
          `Mission ${id} is left alone`,
          "Its state came with the project: none of your sessions asked for it.",
        );
    } catch (error) {
      log.error("recovery.failed", { error: String(error) });
      warn("Missions could not be taken up again", describe(error));
    }
  }

  return {
    config: async (config) => {
      findings = extendConfig(config);
    },
    tool: {
      ...(options.searchTools && searchTools(searchPorts)),
      ...missionTools(ports),
      memory: memoryTool(ports),
    },
    // The host does not await this hook: an error that left it would be an unhandled rejection.
    event: async ({ event }) => {
      if (!opened) return;
      // Editing tools of the host tell of a file; whoever edits otherwise is noticed when a session is next idle.
      const isTodo = event.type === "session.idle" || editedFile(event) === todoFile(directory);
      if (isTodo) void (await projectIfAny())?.readTodo();
      const seen = sessionEvent(event);
      if (!seen) return;
      if (seen.kind === "deleted") {
        changed.forget(seen.session);
        host.sessionDeleted(seen.session);
      }
      if (seen.kind === "failed") host.sessionFailed(seen.session, seen.message);
      if (seen.kind === "asked") host.sessionAsks(seen.session, seen.question);
      if (seen.kind === "answered") host.sessionAnswered(seen.session, seen.question);
      const engine = await engineIfAny();
      if (seen.kind === "alive") engine?.sessionAlive(seen.session);
      else engine?.sessionEvent(seen.session);
    },
    "command.execute.before": async (call, output) => {
      const command = findings.commands.get(call.command);
      if (!command) return;
      const text = await runCommand(ports.engine, command, call.sessionID, call.arguments);
      const files = output.parts.filter((part) => part.type === "file");
      output.parts.splice(0, output.parts.length, { type: "text", text } as never, ...files);
    },
    "chat.message": async (call, { message }) => {
      const model: ModelRef = message.model;
      try {
        await (await engineIfAny())?.rootMessage(call.sessionID, model);
      } catch (error) {
        // The user's message goes its way, whatever stands between us and the mission.
        log.warn("message", { session: call.sessionID, error: describe(error) });
      }
    },
    "tool.execute.before": async (call, output) => {
      const engine = await engineIfAny();
      const { sessionID: session, tool } = call;
      if (engine) await guardCall(engine, directory, { session, tool, args: output.args });
    },
    "tool.execute.after": async (call) => {
      const paths = editedPaths(call.tool, call.args) ?? [];
      if (paths.length > 0 && (await engineIfAny())?.assignment(call.sessionID))
        changed.record(call.sessionID, paths);
    },
    dispose: async () => {
      if (opened) await (await opened).close();
      await search.close();
    },
  };
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
