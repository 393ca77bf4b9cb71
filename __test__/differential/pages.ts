/** Some questions have so many answers that all pages take too long; then the first ones are compared. */
const MOST_PAGES = 30;

/** Asks for page after page: for one only, unless `all` are wanted. */
export async function pages<Page extends { readonly cursor?: string }>(
  all: boolean,
  ask: (cursor: { readonly cursor?: string }) => Promise<Page>,
): Promise<readonly [Page, ...Page[]]> {
  const first = await ask({});
  const found: [Page, ...Page[]] = [first];
  let { cursor } = first;
  while (all && cursor !== undefined && found.length < MOST_PAGES) {
    const page = await ask({ cursor });
    found.push(page);
    cursor = page.cursor;
  }
  return found;
}
