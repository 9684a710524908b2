/** The part of `process` that job control needs. */
export type Signals = {
  on(signal: "SIGCONT", listener: () => void): unknown;
  off(signal: "SIGCONT", listener: () => void): unknown;
  removeAllListeners(signal: "SIGTERM"): unknown;
  kill(pid: number, signal: "SIGTSTP" | "SIGTERM"): unknown;
  readonly pid: number;
};

export type JobOptions = {
  signals: Signals;
  /** Called before the process stops: restores the modes, erases the frame. */
  leave: () => void;
  /** Called after `fg`, or soon where stopping is impossible (Windows, no job control). */
  back: () => void;
  /** Called after `fg` if another process stopped this one (SIGSTOP): the shell has had the terminal as it was. */
  again: () => void;
  /** Milliseconds after which `back` is called if the process did not stop. */
  patience?: number;
};

/** This process as a job of the shell. */
export type Job = {
  /** Ctrl-Z: stops this process as the terminal would. */
  suspend: () => void;
  /** To be called at once when the process is told to end; `back` and `again` are no longer called then. */
  close: () => void;
  /**
   * To be called when the process exits. One that was told to end while it was stopped ends here, by SIGTERM: Node sets
   * the terminal's modes at its exit, which would stop it again.
   */
  exit: () => void;
};

export function openJob({ signals, leave, back, again, patience = 500 }: JobOptions): Job {
  let isAway = false;
  let isWaking = false;
  let isClosed = false;
  let timer: NodeJS.Timeout | undefined;

  /*
   * A turn later, because `kill %1` sends SIGCONT together with the signal that ends the process. That must come first:
   * setting a mode in the background stops the process again (SIGTTOU). The SIGCONT after such a stop is ignored.
   */
  function wake(): void {
    if (isWaking) return;
    isWaking = true;
    setImmediate(() => {
      clearTimeout(timer);
      if (isClosed) return;
      const resume = isAway ? back : again;
      isAway = false;
      resume();
      setImmediate(() => (isWaking = false));
    });
  }

  signals.on("SIGCONT", wake);
  return {
    suspend() {
      leave();
      isAway = true;
      clearTimeout(timer);
      timer = setTimeout(wake, patience);
      try {
        // The whole process group, as the terminal does: npm, which waits in it under npx, would block the shell otherwise.
        signals.kill(0, "SIGTSTP");
      } catch {
        wake();
      }
    },
    close() {
      isClosed = true;
      clearTimeout(timer);
      signals.off("SIGCONT", wake);
    },
    exit() {
      if (!isAway) return;
      signals.removeAllListeners("SIGTERM");
      signals.kill(signals.pid, "SIGTERM");
    },
  };
}

/** Sets raw mode again after another program may have changed it, if it is on. Node sets no mode twice in a row. */
export function setRawAgain(stdin: Pick<NodeJS.ReadStream, "isRaw" | "setRawMode">): void {
  if (!stdin.isRaw) return;
  stdin.setRawMode(false);
  stdin.setRawMode(true);
}
