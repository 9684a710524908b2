import { describe, expect, it } from "vitest";
import { otherScheme } from "../../../../src/client/http/auth-scheme.ts";
import { isSendable, tokenExpiry } from "../../../../src/client/http/token.ts";

const jwt = (claims: unknown) =>
  ["{}", JSON.stringify(claims), "signature"]
    .map((part) => Buffer.from(part).toString("base64url"))
    .join(".");

describe("tokenExpiry", () => {
  it("reads when a JWT ends, in milliseconds", () => {
    expect(tokenExpiry(jwt({ exp: 1_800_000_000 }))).toBe(1_800_000_000_000);
  });

  it.each([
    jwt({ exp: 1e300 }),
    // The year 9999 in milliseconds, where seconds belong.
    jwt({ exp: 253_402_300_799_000 }),
    jwt({ exp: -1 }),
    jwt({}),
    jwt({ exp: "soon" }),
    jwt(null),
    jwt([]),
    "t-jane",
    "a.b.c",
    "",
    "..",
    "a.%%%.c",
  ])("doesn't know when %s ends", (token) => {
    expect(tokenExpiry(token)).toBeNull();
  });
});

describe("isSendable", () => {
  it.each([
    ["abc.DEF-_~", true],
    ["", false],
    ["two words", false],
    ["line\n", false],
    ["ключ", false],
  ])("of %j is %s", (token, expected) => {
    expect(isSendable(token)).toBe(expected);
  });
});

describe("otherScheme", () => {
  it.each<[string | undefined, string, string | undefined]>([
    ["Token", "Bearer", "Token"],
    ['Token realm="api"', "Bearer", "Token"],
    ['JWT realm="api", charset="UTF-8"', "Bearer", "JWT"],
    ["Bearer", "Token", "Bearer"],
    ['Basic realm="x", Token', "Bearer", "Token"],
    ['Bearer realm="ai-chat", error="invalid_token"', "Bearer", undefined],
    ["bearer", "Bearer", undefined],
    ['Token, Bearer realm="x"', "Bearer", undefined],
    ['Basic realm="Token, please"', "Bearer", undefined],
    ["Negotiate", "Bearer", undefined],
    ["", "Bearer", undefined],
    [undefined, "Bearer", undefined],
    ["a b c: d\r\nX", "Bearer", "a"],
  ])("of %j with %s in use is %s", (header, used, wanted) => {
    expect(otherScheme(header, used)).toBe(wanted);
  });
});
