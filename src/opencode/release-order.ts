/**
 * In which order a project lets go of what it holds, the highest first: what writes goes before what it writes to. The
 * engine ends its turns and gives its leases back, which are commits; so the store goes behind everybody who commits.
 */
export const RELEASE_ORDER = {
  /** What is just being opened, is opened first: half of it could not be closed. */
  opening: 70,
  engine: 60,
  /** Once nobody asks them any more. */
  languageServers: 55,
  tree: 55,
  todo: 50,
  keeping: 40,
  store: 30,
  search: 20,
  hooks: 10,
  log: 0,
} as const;
