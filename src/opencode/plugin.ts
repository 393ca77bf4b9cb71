import { existsSync } from "node:fs";
import type { Hooks, PluginInput } from "@opencode-ai/plugin";
import { addon } from "../native/index.js";
import { fileLog, stateFile } from "../node/index.js";
import type { ModelRef } from "../ports/index.js";
import { memoryTool, missionTools, searchTools } from "../tools/index.js";
import { ChangedFiles, editedPaths } from "./changes.js";
import { runCommand } from "./commands.js";
import { type ConfigFindings, extendConfig } from "./config.js";
import { sessionEvent } from "./events.js";
import { OpenCodeHost } from "./host.js";
import { parseOptions } from "./options.js";
import { Project } from "./project.js";
import { assertWritable } from "./write-guard.js";

/**
 * Composes everything for one project directory. Nothing here waits for the host: its server is not up before
 * this returns.
 */
export function createPlugin(input: PluginInput, rawOptions: unknown): Hooks {
  const { directory } = input;
  const log = fileLog({ pid: process.pid, directory });
  const { options, problems } = parseOptions(rawOptions);
  const host = new OpenCodeHost(input, log);
  const changed = new ChangedFiles(directory);
  let findings: ConfigFindings = { commands: new Map(), models: new Map() };
  let opened: Promise<Project> | undefined;
  const project = () => {
    opened ??= Project.open({
      directory,
      host,
      log,
      options,
      agentModel: (role) => findings.models.get(role),
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

  const guard = async (session: string, paths: readonly string[]) => {
    if (opened) assertWritable((await opened).engine, directory, session, paths);
  };

  // Once the host is up: what it asks of its server during start would wait for ever.
  setImmediate(() => {
    for (const problem of problems) warn("Options of opencode-orchestrator", problem);
    try {
      addon();
    } catch (error) {
      log.error("addon.failed", { error: String(error) });
      warn("opencode-orchestrator has no native core", describe(error));
      return;
    }
    if (existsSync(stateFile(directory))) void recover();
  });
  function warn(title: string, message: string): void {
    void host.notify({ title, message, variant: "warning" });
  }
  async function recover(): Promise<void> {
    try {
      await (await project()).engine.recover();
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
      ...(options.searchTools && searchTools({ directory, assertWritable: guard })),
      ...missionTools(ports),
      memory: memoryTool(ports),
    },
    // The host does not await this hook: an error that left it would be an unhandled rejection.
    event: async ({ event }) => {
      const seen = sessionEvent(event);
      if (!seen || !opened) return;
      if (seen.kind === "failed") host.sessionFailed(seen.session, seen.message);
      try {
        (await opened).engine.sessionEvent(seen.session);
      } catch (error) {
        log.error("event.failed", { type: event.type, error: String(error) });
      }
    },
    "command.execute.before": async (call, output) => {
      const command = findings.commands.get(call.command);
      if (!command) return;
      const { engine } = await project();
      const text = await runCommand(engine, command, call.sessionID, call.arguments);
      const files = output.parts.filter((part) => part.type === "file");
      output.parts.splice(0, output.parts.length, { type: "text", text } as never, ...files);
    },
    "chat.message": async (call, { message }) => {
      if (!opened) return;
      const model: ModelRef = message.model;
      await (await opened).engine.rootMessage(call.sessionID, model);
    },
    "tool.execute.before": async (call, output) => {
      await guard(call.sessionID, editedPaths(call.tool, output.args));
    },
    "tool.execute.after": async (call) => {
      changed.record(call.sessionID, call.tool, call.args);
    },
    dispose: async () => {
      if (opened) await (await opened).close();
    },
  };
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
