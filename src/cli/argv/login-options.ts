import { rate } from "./option.ts";

/** Limits on wrong passwords (docs/hosting.md#limits-on-logins). */
export const loginOptions = {
  limitLogin: rate(
    {
      flag: "limit-login",
      value: "N/TIME",
      env: ["AI_CHAT_LIMIT_LOGIN"],
      help: "wrong passwords of a name from an address",
    },
    "10/15m",
  ),
  limitLoginAddress: rate(
    {
      flag: "limit-login-address",
      value: "N/TIME",
      env: ["AI_CHAT_LIMIT_LOGIN_ADDRESS"],
      help: "wrong passwords from an address",
    },
    "100/1h",
  ),
  limitLoginStrangers: rate(
    {
      flag: "limit-login-strangers",
      value: "N/TIME",
      env: ["AI_CHAT_LIMIT_LOGIN_STRANGERS"],
      help: "wrong passwords of a name from new addresses",
    },
    "50/1h",
  ),
};
