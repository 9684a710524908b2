/**
 * The server cannot start, for a reason that the operator can mend: a damaged ledger, a folder in use, a port in
 * use, a setting that contradicts another. Two lines on the terminal: what is wrong, and what to do.
 */
export class StartupError extends Error {
  override readonly name = "StartupError";
  /** What to do about it, with commands that can be typed as they stand. */
  readonly hint: string;

  constructor(message: string, hint: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.hint = hint;
  }
}
