import { once } from "node:events";
import { mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { runServer } from "verdaccio";
import { OwnedProcess } from "./owned-process.js";

/** A package registry on the loopback interface: real npm clients publish to it and install from it. It asks no other one. */
export class PackageRegistry implements AsyncDisposable {
  readonly url: string;
  readonly #server: Server;
  readonly #folder: string;

  private constructor(url: string, server: Server, folder: string) {
    this.url = url;
    this.#server = server;
    this.#folder = folder;
  }

  static async start(): Promise<PackageRegistry> {
    const folder = await realpath(await mkdtemp(join(tmpdir(), "orchestrator-registry-")));
    const server: Server = await runServer({
      storage: join(folder, "storage"),
      configPath: join(folder, "config.yaml"),
      self_path: folder,
      auth: { htpasswd: { file: join(folder, "htpasswd") } },
      uplinks: {},
      packages: { "**": { access: "$all", publish: "$all" } },
      log: { type: "file", path: join(folder, "log"), level: "warn" },
      web: { enable: false },
      middlewares: {},
      max_body_size: "200mb",
    } as never);
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    return new PackageRegistry(`http://127.0.0.1:${port}/`, server, folder);
  }

  /** Publishes a tarball with the npm client. */
  async publish(tarball: string): Promise<void> {
    const settings = join(this.#folder, "npmrc");
    const host = this.url.replace(/^http:/, "");
    // npm wants to be logged in, whatever the registry says.
    await writeFile(settings, `registry=${this.url}\n${host}:_authToken=nobody\n`);
    const env = {
      PATH: process.env["PATH"] ?? "",
      npm_config_userconfig: settings,
      npm_config_cache: join(this.#folder, "cache"),
      npm_config_update_notifier: "false",
    };
    const npm = new OwnedProcess("npm", ["publish", resolve(tarball), "--ignore-scripts"], {
      cwd: this.#folder,
      env,
    });
    const { code } = await npm.exited;
    if (code !== 0) throw new Error(`npm publish ${tarball} failed:\n${npm.stderr}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }
}
