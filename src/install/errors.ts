export type InstallErrorCode =
  /** A configuration file is no JSONC, or holds something that OpenCode would not take. */
  | "ERR_CONFIG"
  /** A file or its folder may not be written. */
  | "ERR_READ_ONLY"
  /** Somebody else wrote the file meanwhile. */
  | "ERR_CHANGED"
  /** The package itself is not complete. */
  | "ERR_PACKAGE"
  /** The system refused a file operation. */
  | "ERR_IO";

/** Why nothing was changed: what is wrong, where, and the way out. */
export class InstallError extends Error {
  override readonly name = "InstallError";
  readonly code: InstallErrorCode;
  /** The file that it is about. */
  readonly path: string;

  constructor(code: InstallErrorCode, path: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.path = path;
  }
}
