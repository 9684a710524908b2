import { subscribe, unsubscribe } from "node:diagnostics_channel";

/** Finds out which requests of undici use a connection that was used before. */
export interface ReusedSockets {
  /** Runs `start`, which makes one request. `onSent` is called when the request is written. */
  follow<T>(start: () => T, onSent: (isReused: boolean) => void): T;
  close(): void;
}

const CREATED = "undici:request:create";
const SENT = "undici:client:sendHeaders";

/** Listens on undici's diagnostics channels until it is closed: nothing else tells which socket undici uses. */
export function watchSockets(): ReusedSockets {
  const used = new WeakSet<object>();
  const followed = new WeakMap<object, (isReused: boolean) => void>();
  let next: ((isReused: boolean) => void) | undefined;

  const onCreated = (message: unknown) => {
    if (next) followed.set((message as { request: object }).request, next);
    next = undefined;
  };
  const onSent = (message: unknown) => {
    const { request, socket } = message as { request: object; socket: object };
    followed.get(request)?.(used.has(socket));
    used.add(socket);
  };
  subscribe(CREATED, onCreated);
  subscribe(SENT, onSent);
  return {
    follow(start, tell) {
      next = tell;
      try {
        // undici creates the request before `start` returns.
        return start();
      } finally {
        next = undefined;
      }
    },
    close() {
      unsubscribe(CREATED, onCreated);
      unsubscribe(SENT, onSent);
    },
  };
}
