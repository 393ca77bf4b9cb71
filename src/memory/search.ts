/**
 * Full-text search by BM25 (Robertson and Zaragoza, "The Probabilistic Relevance Framework", 2009, with its usual k1 and b).
 * A plain pass over all notes, whose words are counted once, without an index that would have to be kept in step with the
 * store: docs/MEMORY.md says what that costs.
 */
const K1 = 1.2;
const B = 0.75;

export interface Document {
  readonly id: string;
  readonly text: string;
}

/** Ids of the documents that share a word with the query, the best first; ties by id. */
export function search(documents: readonly Document[], query: string): string[] {
  const wanted = new Set(words(query));
  if (wanted.size === 0) return [];
  const counted = documents.map((document) => ({ id: document.id, ...count(document, wanted) }));
  const average = counted.reduce((sum, one) => sum + one.length, 0) / Math.max(1, counted.length);
  const weights = new Map(
    [...wanted].map((word) => {
      const having = counted.filter(({ found }) => found.has(word)).length;
      return [word, Math.log(1 + (counted.length - having + 0.5) / (having + 0.5))] as const;
    }),
  );
  return counted
    .map(({ id, length, found }) => {
      const norm = K1 * (1 - B + (B * length) / Math.max(1, average));
      let score = 0;
      for (const [word, times] of found)
        score += ((weights.get(word) ?? 0) * times * (K1 + 1)) / (times + norm);
      return { id, score };
    })
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score || (a.id < b.id ? -1 : 1))
    .map(({ id }) => id);
}

/** Words in lower case, and the parts of names: `readTodo_file` is also found by `todo`. */
export function words(text: string): string[] {
  return (text.match(/[\p{L}\p{N}_]+/gu) ?? []).flatMap((word) => {
    const parts = word.split(/_+|(?<=[\p{Ll}\p{N}])(?=\p{Lu})/u).filter(Boolean);
    const lower = word.toLowerCase();
    return parts.length > 1 ? [lower, ...parts.map((part) => part.toLowerCase())] : [lower];
  });
}

/** The words of documents that are still in use: a document never changes. */
const indexed = new WeakMap<Document, { length: number; times: ReadonlyMap<string, number> }>();

function index(document: Document) {
  let entry = indexed.get(document);
  if (!entry) {
    const all = words(document.text);
    const times = new Map<string, number>();
    for (const word of all) times.set(word, (times.get(word) ?? 0) + 1);
    entry = { length: all.length, times };
    indexed.set(document, entry);
  }
  return entry;
}

function count(document: Document, wanted: ReadonlySet<string>) {
  const { length, times } = index(document);
  const found = new Map([...wanted].flatMap((word) => pair(word, times.get(word))));
  return { length, found };
}

function pair(word: string, times: number | undefined): [string, number][] {
  return times === undefined ? [] : [[word, times]];
}
