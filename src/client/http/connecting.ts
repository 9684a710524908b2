import { buildConnector } from "undici";

/** The connections that are not yet established. undici's agent does not close them, and they would keep the process alive. */
export interface Connecting {
  /** For undici's `Agent`. */
  connect: buildConnector.connector;
  /** Aborts those that are not yet established. */
  close(): void;
}

/**
 * One signal for each connection: Node never removes a socket's listener from the signal that it was opened with, so with
 * a common one every connection of a long session would stay in memory, and Node warns at the eleventh. `timeout`: the
 * longest time for connecting, in milliseconds.
 */
export function createConnecting(timeout: number): Connecting {
  const underWay = new Set<AbortController>();
  return {
    connect(to, callback) {
      const controller = new AbortController();
      underWay.add(controller);
      const connect = buildConnector({ timeout, signal: controller.signal });
      connect(to, (...made) => {
        underWay.delete(controller);
        callback(...made);
      });
    },
    close() {
      for (const controller of underWay) controller.abort();
    },
  };
}
