import { bytes, rate, whole } from "./option.ts";

const MIB = 1024 * 1024;

/** The options of what a server allows (docs/server.md#settings). */
export const limitOptions = {
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
  limitRegister: rate(
    {
      flag: "limit-register",
      value: "N/TIME",
      env: ["AI_CHAT_LIMIT_REGISTER"],
      help: "new accounts from an address",
    },
    "60/1h",
  ),
  limitQuestions: rate(
    {
      flag: "limit-questions",
      value: "N/TIME",
      env: ["AI_CHAT_LIMIT_QUESTIONS"],
      help: "questions of an account, such as 30/1m",
    },
    "off",
  ),
  maxInFlight: whole(
    {
      flag: "max-in-flight",
      value: "N",
      env: ["AI_CHAT_MAX_IN_FLIGHT"],
      help: "questions of an account at once",
    },
    64,
    [1, 1_000_000],
  ),
  maxQuestions: whole(
    {
      flag: "max-questions",
      value: "N",
      env: ["AI_CHAT_MAX_QUESTIONS"],
      help: "questions of all accounts at once",
    },
    1000,
    [1, 1_000_000],
  ),
  maxConnections: whole(
    {
      flag: "max-connections",
      value: "N",
      env: ["AI_CHAT_MAX_CONNECTIONS"],
      help: "most connections of clients at once",
    },
    2000,
    [1, 1_000_000],
  ),
  maxBuffered: bytes(
    {
      flag: "max-buffered",
      value: "BYTES",
      env: ["AI_CHAT_MAX_BUFFERED"],
      help: "memory for request bodies, unread and kept answers",
    },
    "256M",
    [MIB, 1024 * 1024 * MIB],
  ),
  maxBody: bytes(
    {
      flag: "max-body",
      value: "BYTES",
      env: ["AI_CHAT_MAX_BODY"],
      help: "largest body of a request to /v1",
    },
    "32M",
    [MIB, 256 * MIB],
  ),
};
