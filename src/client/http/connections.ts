import type { Client, Dispatcher } from "undici";

/** How long undici keeps idle connections, in milliseconds: by default, and at most if the server names a time. */
export type IdleLimits = Pick<Client.Options, "keepAliveTimeout" | "keepAliveMaxTimeout">;

/**
 * Most seconds that connecting may take (docs/cli.md#common-options): 10, or the server's longest silence if that
 * is shorter.
 */
export const connectTime = (silence: number): number => Math.min(10, silence);

/** Makes undici's dispatcher for a client, with these limits for each of its connections. */
export type OpenDispatcher = (limits: IdleLimits) => Dispatcher;

/** Both in milliseconds. */
export interface Clocks {
  /** Since the epoch. */
  now: () => number;
  /** Without the time that the machine sleeps. (If a system counts it, undici's timers close the idle connections.) */
  monotonic: () => number;
}

/** Connections to one server. */
export interface Connections {
  /** For the next request. New connections if the machine has slept since the last call. */
  current(): Dispatcher;
  /** Later requests use new connections. Requests in flight finish on the old ones. */
  renew(): void;
  /** Closes all of them, and aborts the requests in flight. */
  close(): Promise<void>;
}

/**
 * 4 s, even if the server offers longer (`Keep-Alive: timeout=75`): after a change of network a connection is dead without
 * a sign.
 */
const limits: IdleLimits = { keepAliveTimeout: 4000, keepAliveMaxTimeout: 4000 };

/** Milliseconds that the two clocks may differ by between two requests. */
const DRIFT = 1000;

/** Opens {@link Connections}; none is made before the first request. */
export function openConnections(
  open: OpenDispatcher,
  { now = Date.now, monotonic = () => process.uptime() * 1000 }: Partial<Clocks> = {},
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
