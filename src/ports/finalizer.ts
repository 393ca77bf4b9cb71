/**
 * Tells when an object was collected that should have been let go of before. A `FinalizationRegistry` of functions is one;
 * simulations have none, because the collector follows no seed.
 */
export interface Finalizer {
  register(target: object, drop: () => void, token: object): void;
  unregister(token: object): void;
}
