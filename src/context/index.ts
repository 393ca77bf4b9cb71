export type { ConversationMessage, MessagePart } from "./conversation.js";
export { type Essentials, missingFacts } from "./essentials.js";
export { DEFAULT_PRUNING, MARKER, type PruneSettings, type Pruning, prune } from "./prune.js";
export { estimateTokens } from "./tokens.js";
