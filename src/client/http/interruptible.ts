import { ClientError } from "../failure.ts";

/**
 * `work` of undici, or an interruption when the signal aborts: undici looks at the signal only once it is connected. If
 * undici has not rejected in this turn of the event loop, it is not connected, and nothing was sent.
 */
export function interruptible<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () =>
      void setImmediate(() => reject(new ClientError("interrupted", "Interrupted.", { charged: "no" })));
    signal.addEventListener("abort", onAbort, { once: true });
    void work.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}
