import { subscribe, unsubscribe } from "node:diagnostics_channel";

/** Tells which requests of undici go out on a connection that has carried another one before. */
export interface ReusedSockets {
  /** Runs `start`, which makes one request; `onSent` hears when that is being written, and on what. */
  follow<T>(start: () => T, onSent: (isReused: boolean) => void): T;
  close(): void;
}

const CREATED = "undici:request:create";
const SENT = "undici:client:sendHeaders";

/** Listens on undici's diagnostics channels until it is closed: undici tells nowhere else which socket it took. */
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
        // undici makes its request before it returns.
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
