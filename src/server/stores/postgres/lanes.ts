import { ApiError } from "../../core/api-error.ts";

/** Runs `work` when fewer than the lane's width are running in the lane of that name. */
export type Lanes = <T>(name: string, work: () => Promise<T>) => Promise<T>;

/** Says how many calls wait. */
export interface Waiting {
  waiting: () => number;
}

interface Lane {
  running: number;
  waiting: (() => void)[];
}

/**
 * One lane per account. Statements of one account wait for each other in the database anyway. Here they wait without a
 * connection, so that a busy account leaves the pool to others. After `timeout` ms of waiting it rejects with
 * `overloaded`, and nothing was sent.
 */
export function createLanes(width: number, timeout: number): Lanes & Waiting {
  const lanes = new Map<string, Lane>();

  function enter(name: string): Promise<void> | undefined {
    const lane = lanes.get(name) ?? { running: 0, waiting: [] };
    lanes.set(name, lane);
    if (lane.running < width) {
      lane.running += 1;
      return undefined;
    }
    return new Promise((resolve, reject) => {
      const turn = () => {
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(() => {
        lane.waiting.splice(lane.waiting.indexOf(turn), 1);
        reject(overloaded());
      }, timeout);
      lane.waiting.push(turn);
    });
  }

  function leave(name: string): void {
    const lane = lanes.get(name);
    if (!lane) return;
    const next = lane.waiting.shift();
    if (next) return next();
    lane.running -= 1;
    if (lane.running === 0) lanes.delete(name);
  }

  async function inLane<T>(name: string, work: () => Promise<T>): Promise<T> {
    await enter(name);
    try {
      return await work();
    } finally {
      leave(name);
    }
  }

  const waiting = () => sum([...lanes.values()].map((lane) => lane.waiting.length));
  return Object.assign(inLane, { waiting });
}

export const sum = (numbers: number[]): number => numbers.reduce((one, other) => one + other, 0);

/** The database has too much to do. Nothing was done. */
export const overloaded = (cause?: unknown): ApiError =>
  new ApiError("overloaded", "The server is busy. Nothing was charged; try again in a moment.", {
    retryAfter: 1,
    cause,
  });
