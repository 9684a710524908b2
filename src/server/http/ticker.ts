import { Bag, type Entry } from "../core/bag.ts";

/** What is told each second that passes. */
export interface Ticking {
  tick(): void;
}

/** One timer for everything that measures silence in seconds: a timer for each open stream would cost more. */
export interface Ticker<Followed extends Ticking = Ticking> {
  follow(one: Followed): Entry<Followed>;
  /** To be called once for what was followed. */
  leave(entry: Entry<Followed>): void;
  /** What is followed now. */
  followed(): Followed[];
}

const SECOND = 1000;

/** Its timer runs only while something is followed, and does not keep the process running. */
export function createTicker<Followed extends Ticking = Ticking>(): Ticker<Followed> {
  const followed = new Bag<Followed>();
  let timer: NodeJS.Timeout | undefined;
  const tick = () => {
    for (const one of followed.items()) one.tick();
    if (followed.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
  return {
    follow(one) {
      timer ??= setInterval(tick, SECOND).unref();
      return followed.add(one);
    },
    leave: (entry) => followed.remove(entry),
    followed: () => followed.items(),
  };
}
