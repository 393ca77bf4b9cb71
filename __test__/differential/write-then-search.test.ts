import { appendFile, mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { WRITE_SEARCH_PAIRS } from "./size.js";
import { openSubject } from "./subject.js";

/** A search that starts after a write has returned sees that write: random writes, each followed by a search for it. */
const pairs = WRITE_SEARCH_PAIRS ?? 500;
/** Writers at a time, each in files of its own. */
const WRITERS = 4;

const subject = openSubject({ index: true });
let root: string;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "write-then-search-"));
  for (let at = 0; at < 300; at++) {
    const path = join(root, `part${at % 10}`, `file${at}.txt`);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, `nothing of interest in ${at}\n`.repeat(20));
  }
  await subject.ready(root);
});
afterAll(async () => {
  await subject.close();
  await rm(root, { recursive: true, force: true });
});

/** Ways in which a text can come to stand in a file. Each returns once the last system call has. */
const WAYS: readonly ((path: string, text: string) => Promise<void>)[] = [
  (path, text) => writeFile(path, text),
  (path, text) => appendFile(path, text),
  async (path, text) => {
    await writeFile(`${path}.new`, text);
    await rename(`${path}.new`, path);
  },
  async (path, text) => {
    await rm(path, { force: true });
    await writeFile(path, text);
  },
  // Of the same length, within the clock step of the file system.
  async (path, text) => {
    await writeFile(path, text.replaceAll(/\d/g, "x"));
    await writeFile(path, text);
  },
  async (path, text) => {
    const before = await readFile(path, "utf8").catch(() => "");
    await writeFile(path, before + text);
  },
];

/** A folder that is new, has come from elsewhere, or has been there. */
async function folder(writer: number, step: number): Promise<string> {
  const path = join(root, `part${step % 10}`, step % 3 === 0 ? `new${writer}-${step}` : `own${writer}`);
  if (step % 9 === 0) {
    const elsewhere = join(root, `moving${writer}-${step}`);
    await mkdir(elsewhere);
    await writeFile(join(elsewhere, "moved.txt"), `moved_${writer}_${step}\n`);
    await rename(elsewhere, path);
  } else await mkdir(path, { recursive: true });
  return path;
}

async function write(writer: number, step: number): Promise<{ token: string; path: string }> {
  const token = `token_${writer}_${step}_`;
  const path = join(await folder(writer, step), `file${step % 5}.txt`);
  await WAYS[(step * 7 + writer) % WAYS.length]?.(path, `before ${token} behind\n`);
  return { token, path };
}

it(`sees each of ${pairs} writes that returned before the search began`, async () => {
  const stale: string[] = [];
  const missing = async (token: string) =>
    (await subject.grep({ path: root, pattern: token, literal: true })).total === 0;
  await Promise.all(
    Array.from({ length: WRITERS }, async (_, writer) => {
      for (let step = writer; step < pairs; step += WRITERS) {
        const written = await write(writer, step);
        if (await missing(written.token)) stale.push(`${written.path} (step ${step}) was not found`);
        if (step % 9 === 0 && (await missing(`moved_${writer}_${step}`)))
          stale.push(`step ${step}: the folder that was moved in was not found`);
        if (step % 4 === 3) {
          await rm(written.path);
          if (!(await missing(written.token))) stale.push(`${written.path} (step ${step}) was removed`);
        }
      }
    }),
  );
  expect(stale).toEqual([]);
}, 3_600_000);
