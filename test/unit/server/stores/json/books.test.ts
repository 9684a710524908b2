import { expect, test } from "vitest";
import { KEY_LIFETIME_MS } from "../../../../../src/protocol/limits.ts";
import { createBooks } from "../../../../../src/server/stores/json/books.ts";
import { postKey, postRevoked } from "../../../../../src/server/stores/json/kept.ts";
import { START } from "./place.ts";

const DAYS = 30;
const A_DAY = 500;
const STEP = KEY_LIFETIME_MS / A_DAY;

test("charged keys are dropped from memory after their lifetime", () => {
  const books = createBooks();
  let most = 0;
  for (let count = 0; count < DAYS * A_DAY; count += 1) {
    const at = START + count * STEP;
    const charged = { account: "jane", key: `key-${count}`, digest: "digest", at, again: false };
    postKey(books, { ...charged, cost: 100, model: undefined }, at);
    most = Math.max(most, books.keys.size);
  }
  expect(most).toBe(A_DAY);
});

test("revoked tokens are dropped from memory after they have expired", () => {
  const books = createBooks();
  let most = 0;
  for (let count = 0; count < DAYS * A_DAY; count += 1) {
    const now = START + count * STEP;
    postRevoked(books, { account: "jane", jti: `jti-${count}`, expires: now + KEY_LIFETIME_MS }, now);
    most = Math.max(most, books.revoked.size);
  }
  // They are swept each time that their number reaches a power of two, from 1,024 on.
  expect(most).toBe(1023);
  expect([...books.revoked.values()].at(-1)?.jti).toBe(`jti-${DAYS * A_DAY - 1}`);
});
