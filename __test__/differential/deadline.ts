/** Beyond every stall of a busy machine; no generated tree takes a second. */
const LONGEST_MS = 60_000;

/** The promise's value. @throws Error saying what was waited for, where it does not settle in time. */
export async function inTime<T>(promise: Promise<T>, what: () => string, longestMs = LONGEST_MS): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer in ${longestMs} ms: ${what()}`)), longestMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
