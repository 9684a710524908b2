import { randomBytes } from "node:crypto";
import { afterEach, expect, test } from "vitest";
import { secretsIn, withNewSecret } from "../../../src/server/core/signing-secrets.ts";
import { openSigning, type Signing } from "../../../src/server/signing.ts";

/** docs/hosting.md#end-all-logins */

const DAY = 24 * 60 * 60 * 1000;
const jane = { id: "account-1", generation: 1 };

let signing: Signing | undefined;
afterEach(() => signing?.close());

const own = ["first", "second"].map((name) => name.padEnd(32, "."));

/** Tokens of a store whose secret and clock a test changes. */
async function open(secrets?: string[]) {
  const state = { stored: randomBytes(48) as Buffer | undefined, now: Date.UTC(2026, 10, 26), fails: false };
  const read = async () => {
    if (state.fails) throw new Error("away");
    return state.stored;
  };
  signing = await openSigning({
    store: { signingSecret: async () => state.stored!, storedSecret: read },
    secrets,
    days: 30,
    now: () => state.now,
    every: 1,
  });
  const { tokens } = signing;
  const isValid = (token: string) => {
    try {
      return tokens.verify(token).account === jane.id;
    } catch {
      return false;
    }
  };
  const rotate = (end: boolean) =>
    (state.stored = withNewSecret(secretsIn(state.stored!)!, { now: state.now, end }));
  return { state, signing, tokens, isValid, rotate, issue: () => tokens.issue(jane) };
}

test("a secret that ends all logins is taken by itself", async () => {
  const { isValid, issue, rotate } = await open();
  const old = issue();
  expect(isValid(old)).toBe(true);
  rotate(true);
  await expect.poll(() => isValid(old)).toBe(false);
  expect(isValid(issue())).toBe(true);
});

test("a new secret signs after ten seconds, and tokens of the one before are valid for a token's lifetime", async () => {
  const { state, isValid, issue, rotate } = await open();
  const other = await open();
  rotate(false);
  other.state.stored = state.stored;
  // The other store takes the secrets of this one, so that tokens of both secrets are known there.
  await expect.poll(() => other.isValid(issue())).toBe(true);
  const before = issue();
  state.now += 10_000;
  other.state.now = state.now;
  const after = issue();
  rotate(true);
  await expect.poll(() => isValid(after)).toBe(false);
  expect([other.isValid(before), other.isValid(after)]).toEqual([true, true]);
  other.state.now += 30 * DAY - 10_000;
  expect([other.isValid(before), other.isValid(after)]).toEqual([false, true]);
});

test("a secret that cannot be read, is broken or is missing changes nothing", async () => {
  const { state, isValid, issue, rotate } = await open();
  const token = issue();
  const good = state.stored;
  for (const stored of [undefined, Buffer.from("short"), good]) {
    state.fails = stored === good;
    state.stored = stored;
    await new Promise(setImmediate);
    expect(isValid(token)).toBe(true);
  }
  state.fails = false;
  state.stored = good;
  rotate(true);
  await expect.poll(() => isValid(token)).toBe(false);
});

test("of the operator's secrets the first signs, and tokens of all are valid until they are removed", async () => {
  const { signing, isValid, issue } = await open(own.slice(1));
  const old = issue();
  await signing.turnTo(own);
  const fresh = issue();
  expect([old, fresh].map(isValid)).toEqual([true, true]);
  await signing.turnTo(own.slice(0, 1));
  expect([old, fresh].map(isValid)).toEqual([false, true]);
});

test("without the operator's secrets the store's sign, and the other way round", async () => {
  const { signing, isValid, issue, rotate } = await open();
  const ofStore = issue();
  await signing.turnTo(own);
  expect(isValid(ofStore)).toBe(false);
  const ofOwn = issue();
  await signing.turnTo(undefined);
  expect([ofStore, ofOwn].map(isValid)).toEqual([true, false]);
  rotate(true);
  await expect.poll(() => isValid(ofStore)).toBe(false);
});
