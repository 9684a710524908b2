/** Milliseconds after which a reused connection without any reply may be a dead one. */
const STALLED = 5000;

/** The wait for a reply's head. */
export interface HeadWait {
  /** Aborts with `reason` where interim replies (1xx) go on for longer than `silence`. */
  readonly signal: AbortSignal;
  /** The request is being written. */
  sent: (isReused: boolean) => void;
  /** An interim reply came: the connection lives, and undici starts its own time anew at each of them. */
  interim: () => void;
  end: () => void;
}

interface Options {
  /** Milliseconds. */
  silence: number;
  reason: () => Error;
  /** Called where a reused connection has brought nothing for 5 s. */
  onStall?: () => void;
}

/** Begins a {@link HeadWait}; whoever begins it ends it. */
export function waitForHead({ silence, reason, onStall }: Options): HeadWait {
  const controller = new AbortController();
  let stall: NodeJS.Timeout | undefined;
  let bound: NodeJS.Timeout | undefined;
  return {
    signal: controller.signal,
    sent(isReused) {
      if (isReused && onStall) stall = setTimeout(onStall, STALLED);
    },
    interim() {
      clearTimeout(stall);
      bound ??= setTimeout(() => controller.abort(reason()), silence);
    },
    end() {
      clearTimeout(stall);
      clearTimeout(bound);
    },
  };
}
