/** Timers that tests can replace. */
export type Timers = { set(callback: () => void, ms: number): unknown; clear(timer: unknown): void };

interface Wait {
  timeout: NodeJS.Timeout;
  turn?: NodeJS.Immediate;
}

/**
 * Timers for waiting for a terminal's input. Node runs a due timer before pending input, so on a busy machine the time
 * could be over although the input is there. The callback therefore runs after one more read of input. They do not keep
 * the process running.
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
