import { generateKeyPairSync, randomBytes } from "node:crypto";
import * as fc from "fast-check";
import jwt from "jsonwebtoken";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { createTokens } from "../../../../src/server/auth/tokens.ts";

const START = Date.UTC(2026, 10, 22);
const DAY = 24 * 60 * 60 * 1000;
const secret = randomBytes(32);
const keyOf = (secret: Buffer) => ({ secret, from: 0, until: Number.POSITIVE_INFINITY });
const keys = [keyOf(secret)];
const at = (time: number) => createTokens({ keys, days: 30, now: () => time });
const tokens = at(START);
const jane = { id: "account-1", generation: 3 };
const claims = { sub: "account-1", gen: 3, jti: "j", iat: START / 1000, exp: START / 1000 + 60 };
const forge = (payload: object, key: jwt.Secret = secret, algorithm: jwt.Algorithm = "HS256") =>
  jwt.sign(JSON.stringify(payload), key, { algorithm });
const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });

describe("tokens", () => {
  test("a token holds its account and its expiry", () => {
    expect(tokens.verify(tokens.issue(jane))).toEqual({
      account: "account-1",
      generation: 3,
      jti: expect.stringMatching(/^[0-9a-f-]{36}$/),
      expires: START + 30 * DAY,
    });
  });

  test("two tokens of one account in the same second are different", () => {
    expect(tokens.issue(jane)).not.toBe(tokens.issue(jane));
  });

  test("a token is valid until its last millisecond, and then expired", () => {
    const token = tokens.issue(jane);
    expect(at(START + 30 * DAY - 1).verify(token).account).toBe("account-1");
    expect(() => at(START + 30 * DAY).verify(token)).toThrow(
      expect.objectContaining({ code: "expired_token" }),
    );
  });

  test("a token is valid no longer than the secret that signed it, and signed by the first that has begun", () => {
    const [next, old] = [randomBytes(32), randomBytes(32)];
    let time = START;
    const both = createTokens({
      keys: [
        { secret: next, from: START + 10, until: Number.POSITIVE_INFINITY },
        { secret: old, from: 0, until: START + DAY },
      ],
      days: 30,
      now: () => time,
    });
    const early = both.issue(jane);
    expect(jwt.verify(early, old, { clockTimestamp: START / 1000 })).toMatchObject({ sub: jane.id });
    time = START + 10;
    const late = both.issue(jane);
    expect(jwt.verify(late, next, { clockTimestamp: START / 1000 })).toMatchObject({ sub: jane.id });
    time = START + DAY - 1;
    expect([early, late].map((token) => both.verify(token).account)).toEqual([jane.id, jane.id]);
    time += 1;
    expect(() => both.verify(early)).toThrow(expect.objectContaining({ code: "expired_token" }));
    expect(both.verify(late).account).toBe(jane.id);
  });

  test("a token that was accepted before expires at the same moment, for good", () => {
    let time = START;
    const ticking = createTokens({ keys, days: 30, now: () => time });
    const token = ticking.issue(jane);
    const claimed = ticking.verify(token);
    time = START + 30 * DAY - 1;
    expect(ticking.verify(token)).toEqual(claimed);
    time += 1;
    expect(() => ticking.verify(token)).toThrow(expect.objectContaining({ code: "expired_token" }));
    expect(() => ticking.verify(token)).toThrow(expect.objectContaining({ code: "expired_token" }));
  });

  test("verifies the signature of a token once", () => {
    const fresh = at(START);
    const token = fresh.issue(jane);
    fresh.verify(token);
    const verify = vi.spyOn(jwt, "verify");
    onTestFinished(() => verify.mockRestore());
    fresh.verify(token);
    expect(verify).not.toHaveBeenCalled();
    expect(() => fresh.verify(forge(claims, randomBytes(32)))).toThrow(
      expect.objectContaining({ code: "invalid_token" }),
    );
    expect(verify).toHaveBeenCalledOnce();
  });

  test("a token that was accepted under one secret is refused under another", () => {
    const token = tokens.issue(jane);
    tokens.verify(token);
    const other = createTokens({ keys: [keyOf(randomBytes(32))], days: 30, now: () => START });
    expect(() => other.verify(token)).toThrow(expect.objectContaining({ code: "invalid_token" }));
  });

  test("works with a clock that starts at zero", () => {
    const token = at(0).issue(jane);
    expect(at(0).verify(token).expires).toBe(30 * DAY);
  });

  test("a lifetime may be a fraction of a day", () => {
    const short = createTokens({ keys, days: 0.5, now: () => START });
    expect(short.verify(short.issue(jane)).expires).toBe(START + DAY / 2);
  });

  test("accepts the tests' own token if it is signed with the secret", () => {
    expect(tokens.verify(forge(claims)).jti).toBe("j");
  });

  const [header, payload, signature] = forge(claims).split(".") as [string, string, string];
  test("refuses everything else as invalid_token", () => {
    const cases: [string, unknown][] = [
      ["nothing", ""],
      ["words", "not a token"],
      ["two dots", ".."],
      ["another secret's", forge(claims, randomBytes(32))],
      ["HS512", forge(claims, secret, "HS512")],
      ["RS256", forge(claims, privateKey, "RS256")],
      [
        "HS256 under the public key",
        forge(claims, publicKey.export({ type: "spki", format: "pem" }).toString()),
      ],
      ["alg none", `${encode({ alg: "none", typ: "JWT" })}.${payload}.`],
      ["alg none with a signature", `${encode({ alg: "none", typ: "JWT" })}.${payload}.${signature}`],
      ["no signature", `${header}.${payload}.`],
      ["a changed payload", `${header}.${encode({ ...claims, sub: "account-2" })}.${signature}`],
      ["a header that is no JSON", `e30x.${payload}.${signature}`],
      ["a header that is null", `${encode(null)}.${payload}.${signature}`],
      ["a huge string", "a".repeat(1_000_000)],
      ["a huge token of ours", forge({ ...claims, more: "x".repeat(10_000) })],
      ["undefined", undefined],
      ["a number", 7],
      ["an array", [forge(claims)]],
      ["an object that turns into one", { toString: () => forge(claims) }],
      ["no account", forge({ ...claims, sub: undefined })],
      ["an empty account", forge({ ...claims, sub: "" })],
      ["no generation", forge({ ...claims, gen: undefined })],
      ["a generation in words", forge({ ...claims, gen: "3" })],
      ["a generation of 1.5", forge({ ...claims, gen: 1.5 })],
      ["no jti", forge({ ...claims, jti: undefined })],
      ["no exp", forge({ ...claims, exp: undefined })],
      ["no iat", forge({ ...claims, iat: undefined })],
      ["a payload of null", jwt.sign("null", secret, { algorithm: "HS256" })],
      ["a payload of a list", jwt.sign("[]", secret, { algorithm: "HS256" })],
      ["a payload that is text", jwt.sign("hello", secret, { algorithm: "HS256" })],
    ];
    for (const [what, token] of cases) {
      expect(() => tokens.verify(token as string), what).toThrow(
        expect.objectContaining({ code: "invalid_token", message: expect.stringContaining("log in again") }),
      );
    }
  });

  test("what has not the form of a token may be meant as an API key", () => {
    for (const text of ["sk-proj-abc", "x", "a.b", '"aic_x"', ""]) {
      expect(() => tokens.verify(text), text).toThrow(
        expect.objectContaining({ code: "invalid_token", message: expect.stringContaining("an API key") }),
      );
    }
  });

  test("an expired token of the wrong shape is invalid, not expired", () => {
    expect(() => tokens.verify(forge({ ...claims, gen: "3", exp: 1 }))).toThrow(
      expect.objectContaining({ code: "invalid_token" }),
    );
  });

  test("refuses any string as invalid_token", () => {
    // Halves of surrogate pairs too. fast-check's own unit "binary" first makes a table of all 1,112,064 characters.
    const anyUnits = fc
      .array(fc.integer({ min: 0, max: 0xffff }))
      .map((units) => String.fromCharCode(...units));
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), anyUnits),
        fc.array(fc.base64String(), { maxLength: 4 }),
        (text, parts) => {
          for (const token of [text, parts.join("."), `${header}.${payload}.${text}`]) {
            expect(() => tokens.verify(token)).toThrow(expect.objectContaining({ code: "invalid_token" }));
          }
        },
      ),
    );
  });

  test("refuses a secret that is too short", () => {
    expect(() => createTokens({ keys: [keyOf(Buffer.alloc(31))], days: 30, now: Date.now })).toThrow(
      expect.objectContaining({ name: "StartupError" }),
    );
  });
});
