import { buildConnector } from "undici";

/** Longest time that connecting may take, in milliseconds (CLI.md §1). */
const CONNECT_MS = 10_000;

/** The connections that are still being made: undici's agent doesn't know them, and they would keep the process. */
export interface Connecting {
  /** For undici's `Agent`. */
  connect: buildConnector.connector;
  /** Gives up those that are under way. */
  close(): void;
}

/**
 * One signal a connection, and not one for all: Node never takes a socket's listener off the signal that it was
 * opened with, so each connection of a long session would be kept, and Node warns at the eleventh.
 */
export function createConnecting(): Connecting {
  const underWay = new Set<AbortController>();
  return {
    connect(to, callback) {
      const controller = new AbortController();
      underWay.add(controller);
      const connect = buildConnector({ timeout: CONNECT_MS, signal: controller.signal });
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
