/** A timer that can be restarted. */
export interface SilenceTimer {
  restart: (milliseconds: number) => void;
  stop: () => void;
}

/**
 * Lets the event loop read before it calls `act`: after a pause of the process, data and the timeout are due together.
 */
export function createSilenceTimer(act: () => void): SilenceTimer {
  let timeout: NodeJS.Timeout | undefined;
  let immediate: NodeJS.Immediate | undefined;
  const stop = () => {
    clearTimeout(timeout);
    clearImmediate(immediate);
  };
  return {
    stop,
    restart(milliseconds) {
      stop();
      timeout = setTimeout(() => {
        immediate = setImmediate(act);
      }, milliseconds);
    },
  };
}
