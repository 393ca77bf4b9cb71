export { RELEASE_LIMIT_MS, type Release, Shutdown, type ShutdownPorts } from "./shutdown.js";
