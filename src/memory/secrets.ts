/** Puts something else in the place of every secret in a text; a text without one comes back as it is. */
export type MaskSecrets = (text: string) => string;

/** What is certainly, or nearly so, a secret: keys by the prefix that their issuer gives them, and named values. */
const PATTERNS = [
  /-----BEGIN [A-Z ]*PRIVATE KEY-----/,
  /\b(?:AKIA|ASIA)[0-9A-Z]{16}\b/,
  /\bgh[pousr]_[A-Za-z0-9]{30,}\b/,
  /\bgithub_pat_\w{30,}\b/,
  /\bxox[abeoprs]-[A-Za-z0-9-]{10,}/,
  /\bsk-[A-Za-z0-9_-]{20,}/,
  /\bAIza[0-9A-Za-z_-]{35}\b/,
  /\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{8,}/,
  /\b[a-z][a-z0-9+.-]*:\/\/[^\s:/@]+:[^\s:/@]{3,}@/i,
  /\b(?:password|passwd|secret|token|api[_-]?key)\b["']?\s*[:=]\s*["']?(?=\S*\d)[^\s"'<>${}]{8,}/i,
];

export const maskSecrets: MaskSecrets = (text) =>
  PATTERNS.reduce(
    (masked, pattern) => masked.replace(new RegExp(pattern, `${pattern.flags}g`), "[secret]"),
    text,
  );
