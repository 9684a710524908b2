/** Milliseconds without a reply after which a reused connection may be dead. */
const STALLED = 5000;

/** The wait for the head of a reply. */
export interface HeadWait {
  /** Aborts with `reason` if interim replies (1xx) go on for longer than `silence`. */
  readonly signal: AbortSignal;
  /** The request is being written. */
  sent: (isReused: boolean) => void;
  /** An interim reply came: the connection is alive. undici restarts its own timeout at each of them. */
  interim: () => void;
  end: () => void;
}

interface Options {
  /** Milliseconds. */
  silence: number;
  reason: () => Error;
  /** Called when a reused connection has brought nothing for 5 s. */
  onStall?: () => void;
}

/** Starts a {@link HeadWait}; the caller ends it. */
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
