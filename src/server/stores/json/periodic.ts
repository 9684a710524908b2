/** A checkpoint is made after so many facts, or as many as there are accounts: its work grows with them. */
export const FACTS = 10_000;

/** Milliseconds after which it is made, if there was at least one fact. */
export const PERIOD = 60 * 60 * 1000;

/** The same after a fact that is to be in it soon. */
export const SOON = 1000;

/** Makes checkpoints while the server runs, one at a time. */
export interface Periodic {
  /** To be called when facts have become durable. */
  written: (facts: number) => void;
  /** The last fact is to be in one soon. */
  hurry: () => void;
  /** Ends the one that is being made, and makes none during the work, which may replace the ledger. Rejects as it does. */
  without: (work: () => Promise<void>) => Promise<void>;
  /** Ends the one that is being made. No other is made afterwards. */
  close: () => Promise<void>;
}

/** See {@link Periodic}. `behind`: facts since the last checkpoint. `make` resolves to whether it was made. */
export function createPeriodic({
  behind,
  accounts,
  make,
}: {
  behind: number;
  /** Number of accounts now. */
  accounts: () => number;
  make: (signal: AbortSignal) => Promise<boolean>;
}): Periodic {
  let ending = new AbortController();
  let facts = behind;
  let hurried = false;
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;

  function begin(): void {
    clearTimeout(timer);
    timer = undefined;
    facts = 0;
    hurried = false;
    running = make(ending.signal).then((made) => {
      running = undefined;
      // What it was to cover waits for the next one, without a try at once.
      if (!made) facts += 1;
      look();
    });
  }

  function look(): void {
    if (running || ending.signal.aborted || facts === 0) return;
    if (facts >= Math.max(FACTS, accounts())) begin();
    else timer ??= setTimeout(begin, hurried ? SOON : PERIOD).unref();
  }

  async function close(): Promise<void> {
    ending.abort();
    clearTimeout(timer);
    timer = undefined;
    await running;
  }

  look();
  return {
    written(count) {
      facts += count;
      look();
    },
    hurry() {
      if (hurried) return;
      hurried = true;
      clearTimeout(timer);
      timer = undefined;
      look();
    },
    async without(work) {
      await close();
      try {
        await work();
      } finally {
        ending = new AbortController();
        look();
      }
    },
    close,
  };
}
