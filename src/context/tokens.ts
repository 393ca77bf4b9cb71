/**
 * An estimate of a text's tokens: four characters each, as English and code come to with the tokenizers of today. It only
 * weighs one thing against another, so that no tokenizer has to be loaded; `npm run bench:context` prints its error.
 */
export function estimateTokens(text: string): number {
  return Math.ceil(text.length / 4);
}
