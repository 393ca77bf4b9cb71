export { type Budgets, type GateItem, type GateThresholds, gate, THRESHOLDS, tierMoves } from "./gate.js";
export { MEMORY_TIERS, type MemoryItem, type MemoryTier } from "./item.js";
export { type MaskSecrets, Memory, type MemoryPorts, SecretError, type Standpoint } from "./memory.js";
export { NotesFile } from "./notes-file.js";
export { observe, RELEVANCE, smooth } from "./relevance.js";
export { search } from "./search.js";
export { BUDGETS, NotesSection, renderNotes } from "./section.js";
