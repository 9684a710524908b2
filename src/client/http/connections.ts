import type { Client, Dispatcher } from "undici";

/** How long undici keeps idle connections, in milliseconds: where the server says nothing of it, and at most. */
export type IdleLimits = Pick<Client.Options, "keepAliveTimeout" | "keepAliveMaxTimeout">;

/** Most seconds that connecting may take (CLI.md §1): 10, or the server's longest silence if that is shorter. */
export const connectTime = (silence: number): number => Math.min(10, silence);

/** Makes undici's dispatcher for a client, with these limits for each of its connections. */
export type OpenDispatcher = (limits: IdleLimits) => Dispatcher;

/** Both in milliseconds. */
export interface Clocks {
  /** Since the epoch. */
  now: () => number;
  /** Doesn't count the time that the machine sleeps, or ends idle connections by its timers where it does. */
  monotonic: () => number;
}

/** Connections to one server. */
export interface Connections {
  /** For the next request. New ones where the machine has slept since the last call. */
  current(): Dispatcher;
  /** Later requests use new connections. Those under way finish on theirs. */
  renew(): void;
  /** Ends all of them, with what is under way. */
  close(): Promise<void>;
}

/**
 * 4 s, even where the server offers longer (`Keep-Alive: timeout=75`): after a change of network a connection is dead,
 * and nobody says so.
 */
const limits: IdleLimits = { keepAliveTimeout: 4000, keepAliveMaxTimeout: 4000 };

/** Milliseconds by which the two clocks may drift apart between two requests. */
const DRIFT = 1000;

/** Opens {@link Connections}; none is made before the first request. */
export function openConnections(
  open: OpenDispatcher,
  { now = Date.now, monotonic = () => performance.now() }: Partial<Clocks> = {},
): Connections {
  const difference = () => now() - monotonic();
  const retired = new Set<Dispatcher>();
  let dispatcher = open(limits);
  let before = difference();

  const renew = () => {
    const old = dispatcher;
    dispatcher = open(limits);
    retired.add(old);
    const forget = () => void retired.delete(old);
    void old.close().then(forget, forget);
  };
  return {
    current() {
      const present = difference();
      if (Math.abs(present - before) > DRIFT) renew();
      before = present;
      return dispatcher;
    },
    renew,
    async close() {
      await Promise.all([dispatcher, ...retired].map((each) => each.destroy()));
    },
  };
}
