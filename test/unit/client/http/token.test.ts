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

  it("doesn't know when a token ends that tells no valid time", () => {
    const tokens = [
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
    ];
    for (const token of tokens) expect(tokenExpiry(token), token).toBeNull();
  });
});

describe("isSendable", () => {
  it("is true of visible ASCII alone", () => {
    const rows: [token: string, expected: boolean][] = [
      ["abc.DEF-_~", true],
      ["", false],
      ["two words", false],
      ["line\n", false],
      ["ключ", false],
    ];
    for (const [token, expected] of rows) expect(isSendable(token), token).toBe(expected);
  });
});

describe("otherScheme", () => {
  it("finds a scheme for tokens that is not the one in use", () => {
    const rows: [header: string | undefined, used: string, wanted: string | undefined][] = [
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
    ];
    for (const [header, used, wanted] of rows)
      expect(otherScheme(header, used), `${header}, ${used}`).toBe(wanted);
  });
});
