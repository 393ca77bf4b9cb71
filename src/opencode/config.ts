import type { Config } from "@opencode-ai/plugin";
import { DENIED_TOOLS, DESCRIPTIONS, INSTRUCTIONS, MISSION_TOOLS } from "../agents/index.js";
import { ROLES, type Role } from "../mission/index.js";
import { COMMAND_PERMISSION } from "../tools/index.js";
import { COMMANDS, type MissionCommand } from "./commands.js";

/** Commands of a plan that cannot be taken apart are asked about, unless the user says otherwise. */
const COMPLEX_COMMANDS = { [COMMAND_PERMISSION]: "ask" };

type Permission = Record<string, unknown>;
type AgentEntry = Record<string, unknown> & { permission?: Permission | string; model?: string };

/** What the configuration hook found that the rest of the plugin must know. */
export interface ConfigFindings {
  /** The names under which our commands stand: a user's command of the same name keeps its name. */
  readonly commands: ReadonlyMap<string, MissionCommand>;
  /** The names under which our agents stand, likewise. */
  readonly agents: ReadonlyMap<string, string>;
  /** Models that the user has given to our agents. */
  readonly models: ReadonlyMap<Role, { providerID: string; modelID: string }>;
}

/**
 * Adds our agents and commands to the host's decoded configuration, in place. What the user has set stands:
 * entries for our agents are laid over ours, other agents keep all that they have, and mission tools are hidden
 * from everybody but the agents of a mission.
 */
export function extendConfig(config: Config): ConfigFindings {
  const target = config as unknown as {
    agent?: Record<string, AgentEntry>;
    command?: Record<string, unknown>;
    permission?: Permission;
  };
  target.agent ??= {};
  target.command ??= {};
  const agents = new Map(ROLES.map((role) => [role, agentName(role, target.agent?.[role])]));
  hideMissionTools(target, new Set(agents.values()));
  const models = new Map<Role, { providerID: string; modelID: string }>();
  for (const [role, name] of agents) {
    const own = target.agent[name];
    target.agent[name] = agentEntry(role, own);
    const [providerID, ...rest] = own?.model?.split("/") ?? [];
    if (providerID && rest.length > 0) models.set(role, { providerID, modelID: rest.join("/") });
  }
  const commands = addCommands(target.command, agents.get("commander") ?? "commander");
  return { commands, agents, models };
}

/**
 * An entry that describes an agent of its own is somebody else's, who had the name first; one that only sets a model,
 * permissions and the like is meant for ours.
 */
function agentName(role: Role, own: AgentEntry | undefined): string {
  const isOwn = ["prompt", "description", "mode", "disable"].some((field) => own?.[field] !== undefined);
  return isOwn ? `mission-${role}` : role;
}

function agentEntry(role: Role, own: AgentEntry | undefined): AgentEntry {
  const permission: Permission = {};
  for (const tool of DENIED_TOOLS[role]) permission[tool] = "deny";
  for (const [tool, roles] of Object.entries(MISSION_TOOLS))
    permission[tool] = roles.includes(role) ? "allow" : "deny";
  if (role === "commander") permission["question"] = "allow";
  const ownPermission = typeof own?.permission === "object" ? own.permission : undefined;
  return {
    mode: role === "commander" ? "primary" : "subagent",
    // Missions start these themselves; in the list of agents to mention they would only mislead.
    ...(role !== "commander" && { hidden: true }),
    description: DESCRIPTIONS[role],
    prompt: INSTRUCTIONS[role],
    ...own,
    // The last rule that matches wins: ours go behind the user's `*`, and give way to what the user names.
    permission: { ...ownPermission, ...without(permission, ownPermission) },
  };
}

function without(rules: Permission, named: Permission = {}): Permission {
  return Object.fromEntries(Object.entries(rules).filter(([rule]) => !(rule in named)));
}

/**
 * Rules are flat and the last match wins, so the denies go behind the user's `*`. An agent whose own rules
 * have a `*` would see the tools in spite of that: it gets the denies behind its own.
 */
function hideMissionTools(
  target: { agent?: Record<string, AgentEntry>; permission?: Permission },
  ours: ReadonlySet<string>,
): void {
  target.permission = {
    ...withDenies(target.permission ?? {}),
    ...COMPLEX_COMMANDS,
    ...named(target.permission),
  };
  for (const [name, agent] of Object.entries(target.agent ?? {})) {
    if (ours.has(name) || typeof agent.permission !== "object") continue;
    if ("*" in agent.permission) agent.permission = withDenies(agent.permission);
  }
}

/** What the user has set about complex commands stands. */
function named(permission: Permission = {}): Permission {
  return COMMAND_PERMISSION in permission ? { [COMMAND_PERMISSION]: permission[COMMAND_PERMISSION] } : {};
}

function withDenies(permission: Permission): Permission {
  const denies = Object.fromEntries(Object.keys(MISSION_TOOLS).map((tool) => [tool, "deny"]));
  return { ...permission, ...without(denies, permission) };
}

function addCommands(commands: Record<string, unknown>, agent: string): Map<string, MissionCommand> {
  const names = new Map<string, MissionCommand>();
  for (const [command, description] of Object.entries(COMMANDS) as [MissionCommand, string][]) {
    const name = command in commands ? `mission-${command}` : command;
    names.set(name, command);
    commands[name] = {
      description,
      agent,
      // A placeholder that is always empty: without one the host appends the arguments and runs every !`…`
      // in them as a shell command. The text itself comes from the command hook, whole.
      template: `/${name} $99999`,
    };
  }
  return names;
}
