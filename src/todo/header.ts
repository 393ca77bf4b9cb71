/** The revision that a mission was shown at. */
export interface Basis {
  readonly mission: string;
  readonly revision: number;
}

const HEADER = /^<!-- missions((?: M\d{1,15}@\d{1,15})*) -->[ \t]*$/m;

export interface Header {
  readonly bases: readonly Basis[];
  /** Where it stands in the text. */
  readonly start: number;
  readonly end: number;
}

/** Finds the line that says what the file shows; undefined in a file that is not ours. */
export function readHeader(text: string): Header | undefined {
  const found = HEADER.exec(text);
  if (!found) return undefined;
  const bases = (found[1] ?? "")
    .split(" ")
    .filter((one) => one !== "")
    .map((one) => {
      const [mission = "", revision] = one.split("@");
      return { mission, revision: Number(revision) };
    });
  return { bases, start: found.index, end: found.index + found[0].length };
}
