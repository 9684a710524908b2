/** As much of the process as suspending needs. */
export type Signals = {
  once(signal: "SIGCONT", listener: () => void): unknown;
  off(signal: "SIGCONT", listener: () => void): unknown;
  kill(pid: number, signal: "SIGTSTP"): unknown;
};

/**
 * Ctrl-Z: stops this process as the terminal would, and comes back. `leave` is called before (restore the modes, take
 * the frame away), `back` after `fg`; also at once where there is nobody to stop for (Windows, no shell with jobs).
 */
export function suspendJob({
  signals,
  leave,
  back,
  patience = 500,
}: {
  signals: Signals;
  leave: () => void;
  back: () => void;
  /** Milliseconds after which a stop that didn't happen counts as over. */
  patience?: number;
}): void {
  let isBack = false;
  const comeBack = () => {
    if (isBack) return;
    isBack = true;
    signals.off("SIGCONT", comeBack);
    clearTimeout(timer);
    back();
  };
  leave();
  signals.once("SIGCONT", comeBack);
  const timer = setTimeout(comeBack, patience);
  try {
    // The whole group, as the terminal does it: under npx, npm waits in it too, and would keep the shell away.
    signals.kill(0, "SIGTSTP");
  } catch {
    comeBack();
  }
}
