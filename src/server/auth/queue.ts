import { ApiError } from "../core/api-error.ts";
import type { Turn } from "../core/credentials.ts";
import { createLine, type Line } from "./fair-line.ts";

/** A job that waits. */
interface Waiting {
  address: string;
  name: string;
  begin(): void;
  refuse(error: Error): void;
}

/** Fair by address, and among the jobs of one address by name. */
const createLane = (): Line<Waiting> => createLine([({ address }) => address, ({ name }) => name]);

/**
 * Lets `threads` jobs run at once. Jobs of a known sender wait in a lane of their own, all others in another one; both are
 * served in turn, and are fair by address and name. At most `maxQueue` wait in each: beyond that a job of those who have the
 * most there is refused with `overloaded`. `enter` rejects with `signal.reason` if that is aborted first.
 */
export function createQueue({ threads, maxQueue }: { threads: number; maxQueue: number }) {
  let running = 0;
  const known = createLane();
  const others = createLane();
  /** The one that is served next is first. */
  let lanes = [known, others];

  function wait(lane: Line<Waiting>, { address = "", name = "", signal }: Turn): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      const drop = () => {
        lane.remove(job);
        reject(signal?.reason);
      };
      const job: Waiting = {
        address,
        name,
        begin() {
          signal?.removeEventListener("abort", drop);
          resolve();
        },
        refuse(error) {
          signal?.removeEventListener("abort", drop);
          reject(error);
        },
      };
      lane.add(job);
      signal?.addEventListener("abort", drop);
      if (lane.size > maxQueue) lane.crowd(job)?.refuse(overloaded());
    });
  }

  return {
    /** Jobs that wait. */
    get waiting(): number {
      return known.size + others.size;
    },
    async enter(turn: Turn): Promise<void> {
      turn.signal?.throwIfAborted();
      if (running < threads) running += 1;
      else await wait(turn.known ? known : others, turn);
    },
    /** Ends a job, and starts the next one that waits. */
    leave(): void {
      const lane = lanes.find(({ size }) => size > 0);
      const job = lane?.next();
      if (!lane || !job) {
        running -= 1;
        return;
      }
      lanes = [...lanes.filter((other) => other !== lane), lane];
      job.begin();
    },
  };
}

const overloaded = () =>
  new ApiError("overloaded", "Too many people are logging in or registering. Try again in a moment.", {
    retryAfter: 1,
  });
