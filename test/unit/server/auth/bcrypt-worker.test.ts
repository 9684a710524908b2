import * as bcrypt from "bcryptjs";
import { beforeEach, expect, test, vi } from "vitest";
import { hash, matches } from "../../../../src/server/auth/bcrypt-worker.js";

vi.mock("bcryptjs", { spy: true });
beforeEach(() => vi.clearAllMocks());

/** The cost of each comparison made so far. */
const comparisons = () => vi.mocked(bcrypt.compareSync).mock.calls.map(([, hash]) => bcrypt.getRounds(hash));

test("an unknown name takes one comparison of the same cost as a known one, from the first call on", () => {
  const known = hash({ password: "correct horse", cost: 4 });
  expect(bcrypt.hashSync).toHaveBeenCalledTimes(1);
  vi.clearAllMocks();

  expect(matches({ password: "wrong", hash: known, cost: 4 })).toBe(false);
  const asKnown = { comparisons: comparisons(), hashes: vi.mocked(bcrypt.hashSync).mock.calls.length };
  vi.clearAllMocks();
  expect(matches({ password: "wrong", hash: undefined, cost: 4 })).toBe(false);
  const asUnknown = { comparisons: comparisons(), hashes: vi.mocked(bcrypt.hashSync).mock.calls.length };

  expect(asKnown.comparisons).toEqual([4]);
  expect(asUnknown).toEqual(asKnown);
});

test("comparing with a hash of a lower cost takes as much work as with an unknown name", () => {
  for (const cost of [4, 5, 6, 7]) {
    const known = hash({ password: "correct horse", cost });
    const work = (password: string, of: string | undefined) => {
      vi.clearAllMocks();
      const matched = matches({ password, hash: of, cost: 7 });
      return { matched, rounds: comparisons().reduce((sum, each) => sum + 2 ** each, 0) };
    };
    expect(work("wrong", undefined), `cost ${cost}`).toEqual({ matched: false, rounds: 2 ** 7 });
    expect(work("wrong", known), `cost ${cost}`).toEqual({ matched: false, rounds: 2 ** 7 });
    expect(work("correct horse", known), `cost ${cost}`).toEqual({ matched: true, rounds: 2 ** 7 });
  }
});

test("the hash for unknown names is well formed, so that bcrypt does all of its work", () => {
  matches({ password: "wrong", hash: undefined, cost: 6 });
  const compared = vi.mocked(bcrypt.compareSync).mock.calls[0]?.[1] ?? "";
  expect(compared).toHaveLength(60);
  expect(bcrypt.hashSync("wrong", compared.slice(0, 29))).toHaveLength(60);
  expect(comparisons()).toEqual([6]);
});
