import { ClientError } from "../failure.ts";

/**
 * `work` of undici, or an interruption as soon as the signal aborts: undici hears of that only once it is connected.
 * What has not rejected by itself in this turn of the loop is not: nothing was sent.
 */
export function interruptible<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () =>
      void setImmediate(() => reject(new ClientError("interrupted", "Interrupted.", { charged: "no" })));
    signal.addEventListener("abort", onAbort, { once: true });
    void work.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}
