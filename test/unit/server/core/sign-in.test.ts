import { expect, test } from "vitest";
import { ApiError } from "../../../../src/server/core/api-error.ts";
import type { Guess } from "../../../../src/server/core/login-limits.ts";
import type { Passwords, Tokens, Turn } from "../../../../src/server/core/credentials.ts";
import type { Accounts } from "../../../../src/server/core/ports.ts";
import { createSignIn } from "../../../../src/server/core/sign-in.ts";
import { unlimited } from "../../../support/unlimited.ts";

const jane = { id: "1", name: "Jane", passwordHash: "right", generation: 1, disabled: false };

/** Signing in as jane, with what it counted, and whose turns it asked for. */
function signIn({ matches }: Pick<Passwords, "matches">, more: Partial<Accounts> = {}) {
  const counted: string[] = [];
  const turns: (Turn | undefined)[] = [];
  const accounts = {
    byName: async (name: string) => (name === "jane" ? jane : undefined),
    knows: async () => false,
    remember: async () => {},
    setPassword: async () => ({ kind: "set", account: jane }),
    ...more,
  } as Partial<Accounts> as Accounts;
  const made = createSignIn({
    accounts,
    passwords: {
      hash: async (_password, turn) => (turns.push(turn), "hash"),
      matches: (password, hash, turn) => (turns.push(turn), matches(password, hash)),
      close: async () => {},
    },
    tokens: { issue: () => "token" } as Partial<Tokens> as Tokens,
    startingTokens: () => 0,
    ledger: { hold: async () => ({ kind: "held" }) },
    apiKeys: undefined,
    now: Date.now,
    invites: { byDigest: async () => undefined },
    registration: () => "open",
    registrations: unlimited,
    wrongCodes: unlimited,
    takenNames: unlimited,
    async countGuess({ name, address, known }: Guess) {
      counted.push(`${name} ${address} ${known}`);
      return {
        giveBack: async () => void counted.push("given back"),
        succeed: async () => void counted.push("succeeded"),
      };
    },
  });
  return { ...made, counted, turns };
}

const equals: Pick<Passwords, "matches"> = { matches: async (password, hash) => password === hash };
const sender = { address: "192.0.2.1" };

test("a wrong password stays counted, and so does one for an unknown name", async () => {
  for (const username of ["jane", "nobody"]) {
    const jane = signIn(equals);
    await expect(jane.login({ username, password: "wrong" }, sender)).rejects.toThrow("wrong");
    expect(jane.counted).toEqual([`${username} 192.0.2.1 false`]);
  }
});

test("a password that was not judged is given back", async () => {
  const overloaded = new ApiError("overloaded", "full");
  const made = signIn({ matches: () => Promise.reject(overloaded) });
  await expect(made.login({ username: "jane", password: "right" }, sender)).rejects.toBe(overloaded);
  expect(made.counted).toEqual(["jane 192.0.2.1 false", "given back"]);
});

test("a login from a known address waits in the lane of the known, and a change of password does from anywhere", async () => {
  const credentials = { username: "jane", password: "right" };
  const known = signIn(equals, { knows: async () => true });
  await known.login(credentials, sender);
  expect(known.counted).toEqual(["jane 192.0.2.1 true", "succeeded"]);
  expect(known.turns).toMatchObject([{ ...sender, name: "jane", known: true }]);
  const stranger = signIn(equals);
  await stranger.login(credentials, sender);
  const session = { account: jane, claims: { account: "1", generation: 1, jti: "", expires: 0 } };
  await stranger.changePassword(session, { password: "right", newPassword: "new" }, sender);
  expect(stranger.turns.map((turn) => turn?.known)).toEqual([false, true, true]);
});

test("a login does not fail because its address could not be remembered", async () => {
  const made = signIn(equals, { remember: () => Promise.reject(new Error("full")) });
  expect(await made.login({ username: "jane", password: "right" }, sender)).toEqual({ token: "token" });
});
