import { type Check, failed, ok } from "../check.js";

/** The native core loads on this machine. */
export const nativeCore: Check = {
  name: "native core",
  run: ({ ports }) => {
    const machine = [ports.platform, ports.architecture, ...(ports.libc ? [ports.libc] : [])].join(" ");
    try {
      ports.loadAddon();
      return [ok(`loads (${machine})`)];
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      const [what, ...more] = message.split("\n");
      return [
        failed(
          [`it does not load on ${machine}: ${what}`, ...more.slice(0, -1)].join("\n"),
          more.at(-1) ?? "install the package again",
        ),
      ];
    }
  },
};
