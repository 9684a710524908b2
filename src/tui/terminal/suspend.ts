/** The part of `process` that suspending needs. */
export type Signals = {
  once(signal: "SIGCONT", listener: () => void): unknown;
  off(signal: "SIGCONT", listener: () => void): unknown;
  kill(pid: number, signal: "SIGTSTP"): unknown;
};

/**
 * Ctrl-Z: stops this process as the terminal would. `leave` is called before (restore the modes, erase the frame), `back`
 * after `fg`, or at once where stopping is impossible (Windows, no job control).
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
  /** Milliseconds after which `back` is called if the process did not stop. */
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
    // The whole process group, as the terminal does: npm, which waits in it under npx, would block the shell otherwise.
    signals.kill(0, "SIGTSTP");
  } catch {
    comeBack();
  }
}
