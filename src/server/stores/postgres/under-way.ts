import { storeUnavailable } from "../../core/store-unavailable.ts";

type Deeds = Record<string, (...given: never[]) => Promise<unknown>>;

/** Counts what is under way, so that closing can wait for it. */
export interface UnderWay {
  /** The same deeds, counted; after `end` they reject with `store_unavailable`. */
  count<T extends object>(deeds: T): T;
  /** Lets nothing new in and waits for the rest. */
  end(): Promise<void>;
}

/** With nothing under way. */
export function createUnderWay(): UnderWay {
  const running = new Set<Promise<unknown>>();
  let ended = false;

  function counted<T extends unknown[], R>(deed: (...given: T) => Promise<R>): (...given: T) => Promise<R> {
    return async (...given) => {
      if (ended) throw storeUnavailable("The server is stopping. Nothing was charged.");
      const work = deed(...given);
      running.add(work);
      try {
        return await work;
      } finally {
        running.delete(work);
      }
    };
  }

  return {
    count<T extends object>(deeds: T): T {
      const entries = Object.entries(deeds as Deeds).map(([name, deed]) => [name, counted(deed)]);
      return Object.fromEntries(entries) as T;
    },
    async end() {
      ended = true;
      await Promise.allSettled(running);
    },
  };
}
