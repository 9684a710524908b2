/** How the session ends, decided once: by the person, from outside, or by a fault of ours. */
export interface Ending {
  leave(): void;
  crash(error: unknown): void;
  /** Resolves at the first of them; with the fault, where it was one. */
  readonly ended: Promise<{ fault: unknown } | undefined>;
}

export function createEnding(): Ending {
  let end: (how: { fault: unknown } | undefined) => void = () => undefined;
  const ended = new Promise<{ fault: unknown } | undefined>((resolve) => (end = resolve));
  return { ended, leave: () => end(undefined), crash: (fault) => end({ fault }) };
}
