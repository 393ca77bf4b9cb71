export { type Hook, HookConfigurationError, PHASES, type Phase, type Points } from "./hook.js";
export { type Ordered, orderHooks } from "./order.js";
export { type HookPorts, HookRegistry, type HookSwitches, MAX_FAILURES_IN_A_ROW } from "./registry.js";
export type { HookTimes } from "./times.js";
