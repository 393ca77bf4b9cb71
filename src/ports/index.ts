export type * from "./checks.js";
export type * from "./clock.js";
export type * from "./host.js";
export type * from "./lanes.js";
export type * from "./log.js";
export type * from "./owner.js";
export type * from "./random.js";
export type * from "./store.js";
