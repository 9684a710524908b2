import { counted, grouped } from "../../text/numbers.ts";

const MINUTE = 60_000;

/** Addresses of a sum that are named. */
const NAMED = 5;

/** Addresses that are counted within a minute; what others send is in the total only. */
const MOST_ADDRESSES = 10_000;

interface Minute {
  total: number;
  by: Map<string, number>;
}

/**
 * Warns of requests that a limit refused: at once of the first, then with one sum a minute for each limit, until a minute
 * without any. A flood of them must not flood the log.
 */
export function createLimitHits(warn: (sentence: string) => void): (limit: string, address: string) => void {
  const minutes = new Map<string, Minute>();

  function begin(limit: string, isFirst: boolean): Minute {
    const minute: Minute = { total: 0, by: new Map() };
    minutes.set(limit, minute);
    setTimeout(() => end(limit, minute, isFirst), MINUTE).unref();
    return minute;
  }

  function end(limit: string, { total, by }: Minute, isFirst: boolean): void {
    if (total === 0) {
      minutes.delete(limit);
      return;
    }
    begin(limit, false);
    // The first one has been told.
    if (isFirst && total === 1) return;
    const most = [...by].sort(([, one], [, other]) => other - one).slice(0, NAMED);
    const named = most.map(([address, count]) => `${address} (${grouped(count)})`).join(", ");
    warn(`The limit ${limit} refused ${counted(total, "request")} in the last minute, most from ${named}.`);
  }

  return (limit, address) => {
    const running = minutes.get(limit);
    const minute = running ?? begin(limit, true);
    const from = address === "" ? "this machine" : address;
    if (running === undefined) warn(`The limit ${limit} refused a request from ${from}.`);
    minute.total += 1;
    if (minute.by.has(from) || minute.by.size < MOST_ADDRESSES)
      minute.by.set(from, (minute.by.get(from) ?? 0) + 1);
  };
}
