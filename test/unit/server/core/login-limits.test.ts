import { expect, test } from "vitest";
import { ApiError } from "../../../../src/server/core/api-error.ts";
import { createLoginLimits } from "../../../../src/server/core/login-limits.ts";
import type { Limit } from "../../../../src/server/core/ports.ts";

/** Limits that count, and the counts. */
function counted(most: { login: number; address: number; strangers: number }) {
  const counts: Record<string, number> = {};
  const limit = (name: keyof typeof most): Limit => ({
    async take(key) {
      const id = `${name} ${key}`;
      if ((counts[id] ?? 0) >= most[name]) throw new ApiError("rate_limited", name);
      counts[id] = (counts[id] ?? 0) + 1;
      return async () => void (counts[id]! -= 1);
    },
    clear: async (key) => void (counts[`${name} ${key}`] = 0),
  });
  const count = createLoginLimits({
    login: limit("login"),
    address: limit("address"),
    strangers: limit("strangers"),
    isLimited: (address) => address !== "127.0.0.1",
  });
  return { count, counts };
}

const guess = { name: "Jane", address: "192.0.2.1", known: false };
const LOGIN = 'login ["jane","192.0.2.1"]';
const all = (number: number) => ({ [LOGIN]: number, "address 192.0.2.1": number, "strangers jane": number });
const roomy = { login: 9, address: 9, strangers: 9 };

test("a guess that is not judged is taken back from every limit", async () => {
  const { count, counts } = counted(roomy);
  const one = await count(guess);
  await count(guess);
  expect(counts).toEqual(all(2));
  await one.giveBack();
  await one.giveBack();
  expect(counts).toEqual(all(1));
});

test("a right password is taken back, and clears the failures of its name and address only", async () => {
  const { count, counts } = counted(roomy);
  await count(guess);
  await count(guess);
  await (await count(guess)).succeed();
  expect(counts).toEqual({ ...all(2), [LOGIN]: 0 });
});

test.each(["login", "address", "strangers"] as const)(
  "a guess that the limit %s refuses counts for none",
  async (name) => {
    const { count, counts } = counted({ ...roomy, [name]: 1 });
    await count(guess);
    await expect(count(guess)).rejects.toThrow(name);
    expect(counts).toEqual(all(1));
  },
);

test("a known address is no stranger, and loopback has no limit by address", async () => {
  const { count, counts } = counted(roomy);
  await count({ ...guess, known: true });
  await count({ ...guess, address: "127.0.0.1", known: true });
  expect(counts).toEqual({ [LOGIN]: 1, "address 192.0.2.1": 1, 'login ["jane","127.0.0.1"]': 1 });
});

test("a login that succeeded does not fail because a count could not be taken back", async () => {
  const broken: Limit = {
    take: async () => () => Promise.reject(new Error("lost")),
    clear: () => Promise.reject(new Error("lost")),
  };
  const count = createLoginLimits({
    login: broken,
    address: broken,
    strangers: broken,
    isLimited: () => true,
  });
  const counted = await count(guess);
  await expect(counted.succeed()).resolves.toBeUndefined();
});
