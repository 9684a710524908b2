import { expect, test } from "vitest";
import { createVerified } from "../../../../src/server/auth/verified.ts";

const claims = (expires: number) => ({ account: "jane", generation: 1, jti: "j", expires });

test("finds what it was told, and nothing else", () => {
  const verified = createVerified();
  verified.remember("token", claims(10), 0);
  expect(verified.find("token", 9)).toEqual(claims(10));
  expect(verified.find("tokeN", 9)).toBeUndefined();
});

test("drops a token at the end of its life", () => {
  const verified = createVerified();
  verified.remember("token", claims(10), 0);
  expect(verified.find("token", 10)).toBeUndefined();
  expect(verified.size).toBe(0);
});

test("drops tokens that expired unused when it remembers another", () => {
  const verified = createVerified();
  for (const name of ["a", "b", "c"]) verified.remember(name, claims(10), 0);
  verified.remember("d", claims(20), 10);
  expect(verified.size).toBe(1);
});

test("remembers a limited number of tokens, the newest", () => {
  const verified = createVerified(100);
  for (let i = 0; i < 1_000; i += 1) verified.remember(`token-${i}`, claims(10), 0);
  expect(verified.size).toBe(100);
  expect(verified.find("token-899", 0)).toBeUndefined();
  expect(verified.find("token-900", 0)).toBeDefined();
});
