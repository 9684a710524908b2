import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Rate } from "../../../../src/protocol/rate.ts";
import type { Counter } from "../../../../src/server/core/ports.ts";
import { createLimit } from "../../../../src/server/limits/limit.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const START: Rate = { count: 3, seconds: 60 };

function open(start: Rate | undefined = START) {
  let rate: Rate | undefined = start;
  const limit = createLimit({ name: "login", rate: () => rate, detail: "Too many failed logins." });
  return {
    ...limit,
    setRate: (next: Rate | undefined) => (rate = next),
    /** How many of `times` are allowed. */
    async allowed(times: number, key = "jane") {
      const all = await Promise.allSettled(Array.from({ length: times }, () => limit.take(key)));
      return all.filter(({ status }) => status === "fulfilled").length;
    },
  };
}

test("allows a burst no more than the rate, for each key", async () => {
  const limit = open();
  expect(await limit.allowed(10)).toBe(3);
  expect(await limit.allowed(10)).toBe(0);
  expect(await limit.allowed(10, "jack")).toBe(3);
});

test("refuses with the limit and the seconds until its window ends", async () => {
  const limit = open();
  await limit.allowed(3);
  await vi.advanceTimersByTimeAsync(1500);
  await expect(limit.take("jane")).rejects.toMatchObject({
    code: "rate_limited",
    message: "Too many failed logins.",
    retryAfter: 59,
    limit: { name: "login", quota: 3, window: 60 },
  });
});

test("allows as many again when the window has ended, however many were refused", async () => {
  const limit = open();
  await limit.allowed(10);
  await vi.advanceTimersByTimeAsync(59_999);
  expect(await limit.allowed(1)).toBe(0);
  await vi.advanceTimersByTimeAsync(1);
  expect(await limit.allowed(10)).toBe(3);
});

test("allows one more for each that is given back", async () => {
  const limit = open();
  const [giveBack] = [await limit.take("jane"), await limit.take("jane"), await limit.take("jane")];
  expect(await limit.allowed(5)).toBe(0);
  await giveBack();
  expect(await limit.allowed(5)).toBe(1);
});

test("gives nothing to the next window", async () => {
  const limit = open();
  const giveBack = await limit.take("jane");
  await vi.advanceTimersByTimeAsync(60_000);
  expect(await limit.allowed(1)).toBe(1);
  await giveBack();
  expect(await limit.allowed(5)).toBe(2);
});

test("forgets a key", async () => {
  const limit = open();
  await limit.allowed(5);
  await limit.clear("jane");
  expect(await limit.allowed(5)).toBe(3);
});

test("takes another rate at once", async () => {
  const limit = open();
  await limit.allowed(5);
  limit.setRate({ count: 5, seconds: 60 });
  expect(await limit.allowed(5)).toBe(2);
  limit.setRate(undefined);
  expect(await limit.allowed(50)).toBe(50);
  limit.setRate({ count: 6, seconds: 60 });
  expect(await limit.allowed(5)).toBe(1);
});

test("counts nothing while it is off", async () => {
  const limit = open(undefined);
  limit.setRate(undefined);
  expect(await limit.allowed(50)).toBe(50);
  limit.setRate(START);
  expect(await limit.allowed(5)).toBe(3);
});

test("a counter gets a short digest of the key, whatever a client sends as its name", async () => {
  const keys: string[] = [];
  const shared: Counter = {
    async penalty(key) {
      keys.push(key);
      return { consumedPoints: 1, msBeforeNext: 60_000 };
    },
    async reward(key) {
      keys.push(key);
      return { consumedPoints: 0, msBeforeNext: 60_000 };
    },
    async delete(key) {
      keys.push(key);
      return true;
    },
  };
  const limit = createLimit({ name: "login", rate: () => START, detail: "Too many.", shared });
  const giveBack = await limit.take("my password".repeat(1000));
  await giveBack();
  await limit.clear("my password".repeat(1000));
  expect(keys).toHaveLength(3);
  expect(new Set(keys).size).toBe(1);
  expect(keys[0]).toMatch(/^[0-9a-f]{64}$/);
});
