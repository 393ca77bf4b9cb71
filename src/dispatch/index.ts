export {
  BREAKER_DEFAULTS,
  type BreakerOptions,
  type BreakerState,
  CircuitBreaker,
} from "./circuit-breaker.js";
export { Concurrency, type LimitState, type Outcome } from "./concurrency.js";
export {
  type Admission,
  Dispatcher,
  type DispatchOptions,
  type DispatchRequest,
  LOOK_AGAIN_MS,
  type Permit,
  type TurnOutcome,
  type Wait,
} from "./dispatcher.js";
export { ConcurrencyToken } from "./token.js";
