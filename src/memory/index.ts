export { MEMORY_TIERS, Memory, type MemoryItem, type MemoryTier, type Standpoint } from "./memory.js";
