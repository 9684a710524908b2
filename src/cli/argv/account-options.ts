import { PRICE, STARTING_TOKENS } from "../../protocol/limits.ts";
import { registrations } from "../../protocol/replies.ts";
import { LARGEST, oneOfOr, whole } from "./option.ts";
import { refillOptions } from "./refill-options.ts";

/** Accounts: who gets one, what it begins with, what a question costs (docs/server.md#settings). */
export const accountOptions = {
  price: whole(
    { flag: "price", value: "TOKENS", env: ["AI_CHAT_PRICE"], help: "tokens that a question costs" },
    PRICE,
    [0, LARGEST],
  ),
  startingTokens: whole(
    {
      flag: "starting-tokens",
      value: "TOKENS",
      env: ["AI_CHAT_STARTING_TOKENS"],
      help: "tokens of a new account",
    },
    STARTING_TOKENS,
    [0, LARGEST],
  ),
  ...refillOptions,
  registration: oneOfOr(
    {
      flag: "registration",
      value: "WHO",
      env: ["AI_CHAT_REGISTRATION"],
      help: "who may register: open, invite or closed",
    },
    registrations,
    "open",
  ),
  tokenDays: whole(
    { flag: "token-days", value: "DAYS", env: ["AI_CHAT_TOKEN_DAYS"], help: "days that a login lasts" },
    30,
    [1, 3650],
  ),
  bcryptCost: whole(
    { flag: "bcrypt-cost", value: "N", env: ["AI_CHAT_BCRYPT_COST"], help: "cost of hashing a password" },
    12,
    [4, 16],
  ),
};
