const BYTE_ORDER_MARK = "\ufeff";

/** How a text is written, apart from what it says. */
export interface Encoding {
  readonly hasByteOrderMark: boolean;
  /** Every line ends with a carriage return and a line feed. Mixed endings stay in the text as they are. */
  readonly isCrLf: boolean;
}

/** Takes the encoding off. `encode` puts it back, byte for byte. */
export function decode(raw: string): { readonly text: string; readonly encoding: Encoding } {
  const hasByteOrderMark = raw.startsWith(BYTE_ORDER_MARK);
  const text = hasByteOrderMark ? raw.slice(1) : raw;
  const isCrLf = text.includes("\r\n") && !/(?<!\r)\n/.test(text);
  return { text: isCrLf ? text.replaceAll("\r\n", "\n") : text, encoding: { hasByteOrderMark, isCrLf } };
}

export function encode(text: string, { hasByteOrderMark, isCrLf }: Encoding): string {
  return (hasByteOrderMark ? BYTE_ORDER_MARK : "") + (isCrLf ? text.replaceAll("\n", "\r\n") : text);
}
