/** The end of the session. Only the first call counts. */
export interface Ending {
  leave(): void;
  crash(error: unknown): void;
  /** Resolves at the first call; after crash() with the error. */
  readonly ended: Promise<{ fault: unknown } | undefined>;
}

export function createEnding(): Ending {
  let end: (how: { fault: unknown } | undefined) => void = () => undefined;
  const ended = new Promise<{ fault: unknown } | undefined>((resolve) => (end = resolve));
  return { ended, leave: () => end(undefined), crash: (fault) => end({ fault }) };
}
