import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { secretsIn, withNewSecret } from "../../../../src/server/core/signing-secrets.ts";

const DAY = 24 * 60 * 60 * 1000;
const NOW = Date.UTC(2026, 10, 26);
const first = randomBytes(48);

test("bytes alone are one secret, which has always signed", () => {
  expect(secretsIn(first)).toEqual([{ secret: first, from: 0 }]);
});

test("a new secret comes before the old one, and signs ten seconds later", () => {
  const [next, ...others] = secretsIn(withNewSecret(secretsIn(first)!, { now: NOW, end: false })) ?? [];
  expect(next).toEqual({ secret: expect.any(Buffer), from: NOW + 10_000 });
  expect(next?.secret).toHaveLength(48);
  expect(next?.secret.equals(first)).toBe(false);
  expect(others).toEqual([{ secret: first, from: 0 }]);
});

test("secrets that signed no token that is still valid are left out", () => {
  const second = secretsIn(withNewSecret(secretsIn(first)!, { now: NOW, end: false }))!;
  const later = (now: number) => secretsIn(withNewSecret(second, { now, end: false }));
  expect(later(NOW + 3650 * DAY)).toHaveLength(3);
  expect(later(NOW + 3651 * DAY)?.slice(1)).toEqual(second.slice(0, 1));
});

test("the end of all logins leaves the new secret alone, in the form that older programs read", () => {
  const only = withNewSecret(secretsIn(first)!, { now: NOW, end: true });
  expect(only).toHaveLength(48);
  expect(secretsIn(only)).toEqual([{ secret: only, from: 0 }]);
});

const stored = withNewSecret(secretsIn(first)!, { now: NOW, end: false }).toString();
test.each([
  ["short bytes", "x".repeat(31)],
  ["nothing", ""],
  ["no secret", "ai-chat signing secrets\n"],
  ["a line that is cut", stored.slice(0, -30)],
  ["a secret that is short", "ai-chat signing secrets\nc2hvcnQ= 2026-11-26T00:00:00.000Z\n"],
])("%s is broken", (_, text) => {
  expect(secretsIn(Buffer.from(text))).toBeUndefined();
});
