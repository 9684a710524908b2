import { buildConnector } from "undici";

/** The connections that are still being made: undici's agent doesn't know them, and they would keep the process. */
export interface Connecting {
  /** For undici's `Agent`. */
  connect: buildConnector.connector;
  /** Gives up those that are under way. */
  close(): void;
}

/**
 * One signal a connection, and not one for all: Node never takes a socket's listener off the signal that it was
 * opened with, so each connection of a long session would be kept, and Node warns at the eleventh. `timeout` is the
 * longest that connecting may take, in milliseconds.
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
