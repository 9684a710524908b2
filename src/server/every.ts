/** Work that is done again and again. */
export interface Repeated {
  /** Waits for the work under way. */
  close(): Promise<void>;
}

/** Does `work`, which never rejects, `pause` ms after its last end. Does not keep the process running. */
export function repeat(work: () => Promise<void>, pause: number): Repeated {
  let underWay = Promise.resolve();
  const next = () => {
    underWay = work().finally(() => timer.refresh());
  };
  const timer = setTimeout(next, pause).unref();
  return {
    async close() {
      await underWay;
      clearTimeout(timer);
    },
  };
}
