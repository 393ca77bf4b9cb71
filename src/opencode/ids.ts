import { randomBytes } from "node:crypto";

const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
let lastMs = 0;
let counter = 0;

/**
 * An id in the host's own form: prefix, 12 hexadecimal digits of time and counter, 14 random characters. Ids made
 * later sort later, as the host's do.
 */
export function hostId(prefix: "msg" | "prt", nowMs: number): string {
  // A clock that steps back, or more than 4,096 ids in a millisecond, must not break the order.
  if (nowMs > lastMs) {
    lastMs = nowMs;
    counter = 0;
  } else if (++counter === 0x1000) {
    lastMs++;
    counter = 0;
  }
  const time = (BigInt(lastMs) * 0x1000n + BigInt(counter)) & 0xffff_ffff_ffffn;
  const random = [...randomBytes(14)].map((byte) => ALPHABET[byte % ALPHABET.length]).join("");
  return `${prefix}_${time.toString(16).padStart(12, "0")}${random}`;
}
