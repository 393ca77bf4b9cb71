import { existsSync, readdirSync, realpathSync } from "node:fs";
import { dirname, isAbsolute, join, relative, sep } from "node:path";
import type { Diagnosis, DiagnosticError, Unchecked } from "../ports/index.js";
import { locate, serverEnvironment } from "./locate.js";
import { Member, type MemberPorts, message } from "./member.js";
import { Places } from "./places.js";
import type { FileDiagnostics } from "./server.js";
import { ending, type Place, SERVERS, type ServerId, type ServerSpec } from "./servers.js";

export interface LanguageServerOptions {
  /** Time limit of a start, and of one diagnosis, in milliseconds. */
  readonly timeoutMs: number;
  /** A server without work ends after so long, in milliseconds. */
  readonly idleMs: number;
  /** `false` for one leaves it out. */
  readonly servers: Partial<Readonly<Record<ServerId, boolean>>>;
}

export interface FleetSettings extends Pick<MemberPorts, "clock" | "log" | "files"> {
  readonly directory: string;
  readonly options: LanguageServerOptions;
  readonly variables?: Readonly<Record<string, string | undefined>>;
  /** For tests: other servers than those that are known, and other limits. */
  readonly specs?: readonly ServerSpec[];
  readonly limits?: Partial<typeof LIMITS>;
}

const LIMITS = {
  /** Most processes at a time, for one project. */
  processes: 4,
  waiting: 64,
  /** More files than this are not given to one server. */
  files: 1_000,
  quietMs: 500,
};

/** The language servers of one project: started for the languages that are asked about, kept, and ended when idle. */
export class Fleet {
  readonly #settings: FleetSettings;
  readonly #limits: typeof LIMITS;
  readonly #project: string;
  readonly #members = new Map<string, Member>();
  readonly #places: Places;
  /** What has been said already of servers that are missing, so that it is logged once. */
  readonly #said = new Set<string>();
  #closed = false;

  constructor(settings: FleetSettings) {
    this.#settings = settings;
    this.#limits = { ...LIMITS, ...settings.limits };
    this.#project = realpathSync(settings.directory);
    this.#places = new Places(this.#limits.processes, () => this.#makeRoom());
  }

  /** @throws only the signal's reason */
  async diagnose(paths: readonly string[], signal: AbortSignal): Promise<Diagnosis> {
    signal.throwIfAborted();
    const errors: DiagnosticError[] = [];
    const servers: string[] = [];
    const unchecked: Unchecked[] = [];
    const work = this.#assign(paths).map(async ({ server, files, reason, member }) => {
      try {
        if (!member) throw new Error(reason);
        if (files.length > this.#limits.files)
          throw new Error(`${files.length} files are more than the ${this.#limits.files} that are looked at`);
        const found = await member.diagnose(
          files.map((path) => join(this.#project, path)),
          signal,
        );
        servers.push(server);
        errors.push(...found.flatMap((one) => this.#errors(server, one)));
      } catch (error) {
        if (signal.aborted) return;
        unchecked.push({ server, reason: message(error) });
        this.#say(server, message(error), files.length);
      }
    });
    await Promise.all(work);
    signal.throwIfAborted();
    errors.sort((a, b) =>
      a.path === b.path ? a.line - b.line || a.column - b.column : a.path < b.path ? -1 : 1,
    );
    return { errors, servers: servers.sort(), unchecked };
  }

  /** Ends every process; resolves when they are gone. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#members.values()].map((one) => one.close()));
  }

  /** Ends a process that nobody needs now. */
  #makeRoom(): void {
    void [...this.#members.values()].find((one) => one.canRest)?.rest();
  }

  /** Which server each file is for, and why there is none. */
  #assign(paths: readonly string[]): Assignment[] {
    const byServer = new Map<string, Assignment>();
    for (const path of paths) {
      // Links that lead out of the project are none of its files.
      const specs = this.#specs().filter((spec) => spec.languages[ending(path)] !== undefined);
      if (specs.length === 0 || !existsSync(join(this.#project, path))) continue;
      const chosen = this.#choose(specs);
      const known = byServer.get(chosen.server);
      if (known) known.files.push(path);
      else byServer.set(chosen.server, { ...chosen, files: [path] });
    }
    return [...byServer.values()];
  }

  #specs(): ServerSpec[] {
    const { specs = SERVERS, options } = this.#settings;
    return specs.filter(({ id }) => options.servers[id] !== false);
  }

  #choose(specs: readonly ServerSpec[]): Omit<Assignment, "files"> {
    const problems: string[] = [];
    for (const spec of specs) {
      const member = this.#member(spec);
      if (typeof member !== "string") return { server: spec.id, member, reason: "" };
      problems.push(member);
    }
    return { server: specs[0]?.id ?? "", member: undefined, reason: problems[0] ?? "" };
  }

  /** The member, or why there can be none. */
  #member(spec: ServerSpec): Member | string {
    if (this.#closed) return "the host is shutting down";
    const known = this.#members.get(spec.id);
    if (known) return known;
    const { variables = process.env, clock, log, files, options } = this.#settings;
    if (spec.needs && !spec.needs.some((path) => existsSync(join(this.#project, path))))
      return `it needs one of ${spec.needs.join(", ")}`;
    const command = locate(spec.id, variables, this.#project);
    if (command === undefined) return `it is not on the PATH (${spec.install})`;
    const place: Place = { program: command, project: this.#project, exists: existsSync, folders };
    const program = () => ({
      spec,
      command,
      args: spec.args,
      project: this.#project,
      // Not the project: what a server starts must not find the project's files where it looks for its own.
      cwd: dirname(command),
      env: { ...serverEnvironment(variables, this.#project), ...spec.env },
      preparation: spec.prepare(place),
      clock,
      quietMs: this.#limits.quietMs,
    });
    const member = new Member(
      spec,
      program,
      {
        clock,
        log,
        files,
        project: this.#project,
        place: (signal) => this.#places.take(signal),
        onIdle: () => {
          if (this.#places.wanted) this.#makeRoom();
        },
      },
      { ...options, waiting: this.#limits.waiting },
    );
    this.#members.set(spec.id, member);
    return member;
  }

  #errors(server: string, { path, diagnostics }: FileDiagnostics): DiagnosticError[] {
    return (
      diagnostics
        // Without a severity it is for the client to say: an error.
        .filter(({ severity = 1 }) => severity === 1)
        .map(({ range, message: text, source, code }) => ({
          path: relative(this.#project, path).split(sep).join("/"),
          line: range.start.line + 1,
          column: range.start.character + 1,
          message: typeof text === "string" ? text : text.value,
          server,
          ...(source !== undefined && { source }),
          ...(code !== undefined && { code: String(code) }),
        }))
    );
  }

  #say(server: string, reason: string, files: number): void {
    const { log } = this.#settings;
    if (this.#said.has(`${server} ${reason}`)) return;
    this.#said.add(`${server} ${reason}`);
    log.warn("lsp.unchecked", { server, reason, files });
  }
}

interface Assignment {
  readonly server: string;
  readonly member: Member | undefined;
  readonly reason: string;
  readonly files: string[];
}

function folders(path: string): string[] {
  try {
    return isAbsolute(path) ? readdirSync(path) : [];
  } catch {
    return [];
  }
}
