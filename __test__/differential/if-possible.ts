const PASSED_OVER = [
  "EEXIST",
  "ENOTDIR",
  "EISDIR",
  "ERR_FS_EISDIR",
  "ENOENT",
  "ENOTEMPTY",
  "ELOOP",
  "EINVAL",
  "ENAMETOOLONG",
];

/** Does what the tree allows: a generated operation may not fit what is there, above all while a case is shrunk. */
export function ifPossible(operation: () => void): void {
  try {
    operation();
  } catch (error) {
    if (!PASSED_OVER.includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
  }
}
