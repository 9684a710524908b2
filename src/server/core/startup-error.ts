/**
 * The server cannot start, for a reason that the operator can fix: a damaged ledger, a folder or port in use, settings
 * that contradict each other. Printed as two lines: what is wrong, and what to do.
 */
export class StartupError extends Error {
  override readonly name = "StartupError";
  /** What to do about it; its commands can be copied as they are. */
  readonly hint: string;
  /** The kind of failure, as a command reports it. Not `code`: the `code` of an error is that of the system. */
  readonly failure: "internal" | "usage" | "timeout" = "internal";

  constructor(message: string, hint: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.hint = hint;
  }
}

/** The settings contradict each other, or lack something. */
export class BadSettings extends StartupError {
  override readonly failure = "usage";
}

/** There is no store where one was named. */
export class NoStore extends BadSettings {}

/** The settings connect no AI. */
export class NoProvider extends BadSettings {}

/** The store, or a file in its folder, belongs to another user than the one who runs this. */
export class OtherOwner extends StartupError {
  /** Where the command works for another user: that user as `sudo -u` takes it, and the store's folder. */
  readonly use: { user: string; dir: string } | undefined;

  constructor(
    message: string,
    hint: string,
    { use, cause }: { use?: { user: string; dir: string }; cause?: unknown } = {},
  ) {
    super(message, hint, cause);
    this.use = use;
  }
}

/** The server that runs on a folder does not know a request, because it is another version. */
export class OtherVersion extends StartupError {}

/** A process that holds what is needed does not answer. */
export class NoAnswer extends StartupError {
  override readonly failure = "timeout";
}
