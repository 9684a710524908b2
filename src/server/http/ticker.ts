/** What is told each second that passes. */
export interface Ticking {
  tick(): void;
}

/** One timer for everything that measures silence in seconds: a timer for each open stream would cost more. */
export interface Ticker {
  follow(one: Ticking): void;
  leave(one: Ticking): void;
}

const SECOND = 1000;

/** Its timer runs only while something is followed, and does not keep the process running. */
export function createTicker(): Ticker {
  const followed = new Set<Ticking>();
  let timer: NodeJS.Timeout | undefined;
  const tick = () => {
    for (const one of followed) one.tick();
    if (followed.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
  return {
    follow(one) {
      followed.add(one);
      timer ??= setInterval(tick, SECOND).unref();
    },
    leave: (one) => void followed.delete(one),
  };
}
