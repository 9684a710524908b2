/** Draws again and again while something is under way, and has no timer otherwise (TERMINAL.md §2, 27). */
export interface Ticker {
  /** Whether something is under way now. */
  follow(isBusy: boolean): void;
  close(): void;
}

/** Calls `tick` every `milliseconds` while something is under way. */
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
