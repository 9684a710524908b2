import { Bag } from "../../core/bag.ts";
import { storeUnavailable } from "../../core/store-unavailable.ts";

type Calls = Record<string, (...given: never[]) => Promise<unknown>>;

/** Tracks the store's running calls, so that closing can wait for them. */
export interface UnderWay {
  /** The same methods, tracked; after `end` they reject with `store_unavailable`. */
  count<T extends object>(methods: T): T;
  /** Refuses new calls, and waits for the running ones. */
  end(): Promise<void>;
}

export function createUnderWay(): UnderWay {
  const running = new Bag<Promise<unknown>>();
  let ended = false;

  function counted<T extends unknown[], R>(method: (...given: T) => Promise<R>): (...given: T) => Promise<R> {
    return async (...given) => {
      if (ended)
        throw storeUnavailable(
          "The server is stopping. Nothing was charged.",
          new Error("the store is closing"),
        );
      const work = method(...given);
      const entry = running.add(work);
      try {
        return await work;
      } finally {
        running.remove(entry);
      }
    };
  }

  return {
    count<T extends object>(methods: T): T {
      const entries = Object.entries(methods as Calls).map(([name, method]) => [name, counted(method)]);
      return Object.fromEntries(entries) as T;
    },
    async end() {
      ended = true;
      await Promise.allSettled(running.items());
    },
  };
}
