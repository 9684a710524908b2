/** A timer that runs only while something is in progress (docs/session.md#timers). */
export interface Ticker {
  /** Starts or stops the timer. */
  follow(isBusy: boolean): void;
  close(): void;
}

export function createTicker(tick: () => void, milliseconds: number): Ticker {
  let timer: NodeJS.Timeout | undefined;
  const close = () => {
    clearInterval(timer);
    timer = undefined;
  };
  return {
    follow(isBusy) {
      if (isBusy) timer ??= setInterval(tick, milliseconds);
      else close();
    },
    close,
  };
}
