/** A timer that can be restarted. */
export interface SilenceTimer {
  restart: (milliseconds: number) => void;
  stop: () => void;
}

/**
 * Lets the event loop read before it calls `act`: after a pause of the process, data and the timeout are due together. A
 * restart for the same time costs little.
 */
export function createSilenceTimer(act: () => void): SilenceTimer {
  let timeout: NodeJS.Timeout | undefined;
  let immediate: NodeJS.Immediate | undefined;
  let time = 0;
  const stop = () => {
    clearTimeout(timeout);
    clearImmediate(immediate);
    timeout = undefined;
    immediate = undefined;
  };
  const due = () => {
    immediate = setImmediate(act);
  };
  return {
    stop,
    restart(milliseconds) {
      if (timeout && immediate === undefined && milliseconds === time) {
        timeout.refresh();
        return;
      }
      stop();
      time = milliseconds;
      timeout = setTimeout(due, milliseconds);
    },
  };
}
