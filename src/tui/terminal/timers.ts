/** Timers, so that tests own the clock. */
export type Timers = { set(callback: () => void, ms: number): unknown; clear(timer: unknown): void };

interface Wait {
  timeout: NodeJS.Timeout;
  turn?: NodeJS.Immediate;
}

/**
 * For waiting for what a terminal sends: when the time is over, what has come meanwhile is still read first. A busy
 * machine, or work of our own, may have kept us from it for longer than the whole wait; in Node a timer that is due goes
 * before input that is there. They keep no process running.
 */
export const patientTimers: Timers = {
  set(callback, ms) {
    const wait: Wait = {
      timeout: setTimeout(() => {
        wait.turn = setImmediate(callback);
      }, ms).unref(),
    };
    return wait;
  },
  clear(timer) {
    const wait = timer as Wait | undefined;
    clearTimeout(wait?.timeout);
    clearImmediate(wait?.turn);
  },
};
