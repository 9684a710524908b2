import { expect, test } from "vitest";
import { saysEmpty, saysNoLogin } from "../../../../src/client/http/refusal-words.ts";

test("an empty balance is recognized by its words beside tokens, balance or credit", () => {
  for (const [sentence, yes] of [
    ["Insufficient tokens", true],
    ["insufficient_tokens", true],
    ["INSUFFICIENT-BALANCE", true],
    ["Insufficient token balance.", true],
    ["You do not have enough tokens.", true],
    ["You don't have enough credits", true],
    ["You don’t have enough credits", true],
    ["Not enough tokens to ask a question", true],
    ["You have no tokens left", true],
    ["No more tokens are left.", true],
    ["0 credits remaining", true],
    ["You are out of tokens", true],
    ["Out of your free credit", true],
    ["Your balance is insufficient.", true],
    ["balance: Not enough.", true],
    ["tokens: Insufficient", true],
    ["Insufficient permissions for this token", false],
    ["Insufficient scope of the token", false],
    ["The token is out of date", false],
    ["Invalid token: not enough segments", false],
    ["Token expired, no tokens left", false],
    ["Not enough tokens left in the context window", false],
    ["Insufficient tokens: the model's limit is 4096", false],
    ["Not enough tokens for max_tokens", false],
    ["Insufficient credentials", false],
    ["No token provided", false],
    ["No tokens.", false],
    ["Insufficient storage", false],
    ["You are out of luck", false],
    ["Forbidden", false],
    ["", false],
  ] as const)
    expect(saysEmpty(sentence), sentence).toBe(yes);
});

test("a refused token is recognized by its words", () => {
  for (const [sentence, yes] of [
    ["Authentication credentials were not provided.", true],
    ["Not authenticated", true],
    ["Invalid token.", true],
    ["invalid_token", true],
    ["Invalid or expired token", true],
    ["No token provided", true],
    ["Token is missing!", true],
    ["Given token not valid for any token type", true],
    ["Unauthorized", true],
    ["Missing Authorization Header", true],
    ["You must log in first", true],
    ["You must be logged in", true],
    ["You do not have permission to perform this action.", false],
    ["Your question is against the rules.", false],
    ["You are not authorized to use this model.", false],
    ["The server answered 403: 403 Forbidden", false],
    ["The server answered 403.", false],
    ["", false],
  ] as const)
    expect(saysNoLogin(sentence), sentence).toBe(yes);
});
