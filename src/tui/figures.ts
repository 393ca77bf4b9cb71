import { type Span, span, type Tone } from "./line.js";

/** 950, 1.2k, 34k, 1.5M. */
export function count(tokens: number): string {
  const [scaled, unit] =
    tokens < 1e3 ? [tokens, ""] : tokens < 1e6 ? [tokens / 1e3, "k"] : [tokens / 1e6, "M"];
  return `${scaled < 10 && unit ? scaled.toFixed(1) : Math.floor(scaled)}${unit}`;
}

/** $0.004, $0.12, $3.40. */
export function dollars(cost: number): string {
  return `$${cost > 0 && cost < 0.01 ? cost.toFixed(3) : cost.toFixed(2)}`;
}

/** Tokens and cost; nothing of what is 0. */
export function use(tokens: number, cost: number): string {
  return [...(tokens > 0 ? [count(tokens)] : []), ...(cost > 0 ? [dollars(cost)] : [])].join(" ");
}

/** A bar of `width` columns, filled by the share. */
export function bar(share: number, width: number, tone: Tone): Span[] {
  const filled = Math.max(0, Math.min(width, Math.floor(share * width)));
  return [span("━".repeat(filled), tone), span("─".repeat(width - filled), "muted")];
}

/** 1:05 h, 3:20 min, 45 s. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const two = (value: number) => String(value % 60).padStart(2, "0");
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}:${two(seconds)} min`;
  return `${Math.floor(seconds / 3600)}:${two(Math.floor(seconds / 60))} h`;
}
