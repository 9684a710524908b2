import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createPeriodic, FACTS, PERIOD, SOON } from "../../../../../src/server/stores/json/periodic.ts";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** Checkpoints that end when `end` is called. */
function begin(behind: number, accounts = 1) {
  const ends: ((made: boolean) => void)[] = [];
  const signals: AbortSignal[] = [];
  const periodic = createPeriodic({
    behind,
    accounts: () => accounts,
    make: (signal) => {
      signals.push(signal);
      return new Promise((resolve) => ends.push(resolve));
    },
  });
  const end = async (made = true) => {
    ends.at(-1)?.(made);
    await Promise.resolve();
    await Promise.resolve();
  };
  return { ...periodic, end, signals, made: () => ends.length };
}

test("a checkpoint is made after so many facts, those before the start included", () => {
  const { written, made } = begin(4);
  written(FACTS - 5);
  expect(made()).toBe(0);
  written(1);
  expect(made()).toBe(1);
});

test("with more accounts it is made after as many facts, so that a question costs the same", () => {
  const { written, made } = begin(0, 3 * FACTS);
  written(3 * FACTS - 1);
  expect(made()).toBe(0);
  written(1);
  expect(made()).toBe(1);
});

test("a checkpoint is made soon after a fact that is to be in it, once for several, and after one that is being made", async () => {
  const { written, hurry, made, end } = begin(0);
  for (let deleted = 0; deleted < 2; deleted += 1) {
    written(1);
    hurry();
    vi.advanceTimersByTime(SOON / 2);
    expect(made()).toBe(deleted);
    written(1);
    hurry();
    vi.advanceTimersByTime(SOON / 2);
    expect(made()).toBe(deleted + 1);
    written(1);
    if (deleted === 0) await end();
  }
  hurry();
  vi.advanceTimersByTime(PERIOD);
  expect(made()).toBe(2);
  await end();
  vi.advanceTimersByTime(SOON);
  expect(made()).toBe(3);
  await end();
  written(1);
  vi.advanceTimersByTime(PERIOD - 1);
  expect(made()).toBe(3);
});

test("a checkpoint is made an hour after the first fact, and none without a fact", async () => {
  const { written, made, end } = begin(0);
  vi.advanceTimersByTime(3 * PERIOD);
  expect(made()).toBe(0);
  written(1);
  vi.advanceTimersByTime(PERIOD - 1);
  written(1);
  expect(made()).toBe(0);
  vi.advanceTimersByTime(1);
  expect(made()).toBe(1);
  await end();
  vi.advanceTimersByTime(3 * PERIOD);
  expect(made()).toBe(1);
});

test("one that failed is tried again an hour later, although no fact came, and not at once", async () => {
  const { made, end } = begin(FACTS);
  await end(false);
  vi.advanceTimersByTime(PERIOD - 1);
  expect(made()).toBe(1);
  vi.advanceTimersByTime(1);
  expect(made()).toBe(2);
  await end();
  vi.advanceTimersByTime(3 * PERIOD);
  expect(made()).toBe(2);
});

test("one checkpoint is made at a time; facts in the meantime count for the next one", async () => {
  const { written, made, end } = begin(FACTS);
  expect(made()).toBe(1);
  written(FACTS);
  written(1);
  vi.advanceTimersByTime(PERIOD);
  expect(made()).toBe(1);
  await end();
  expect(made()).toBe(2);
});

test("close ends the checkpoint that is being made, waits for that, and lets no other begin", async () => {
  const { written, made, close, end, signals } = begin(FACTS);
  written(FACTS);
  let closed = false;
  const closing = close().then(() => (closed = true));
  expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
  await Promise.resolve();
  expect(closed).toBe(false);
  await end();
  await closing;
  written(FACTS);
  vi.advanceTimersByTime(PERIOD);
  expect(made()).toBe(1);
});

test("an hour that has begun is over with close", async () => {
  const { made, close } = begin(1);
  await close();
  vi.advanceTimersByTime(PERIOD);
  expect(made()).toBe(0);
});

test("no checkpoint is made during work that may replace the ledger, and the next one after it", async () => {
  const { written, without, made, end, signals } = begin(FACTS);
  let finish = () => {};
  const work = vi.fn<() => Promise<void>>(() => new Promise((resolve) => (finish = resolve)));
  const working = without(work);
  expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
  expect(work).not.toHaveBeenCalled();
  await end();
  await vi.waitFor(() => expect(work).toHaveBeenCalled(), { timeout: 45_000 });
  written(FACTS);
  expect(made()).toBe(1);
  finish();
  await working;
  expect(made()).toBe(2);
  expect(signals.at(-1)?.aborted).toBe(false);
});
