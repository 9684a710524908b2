import { FILLED, filled, oneOfOr, text } from "./option.ts";

/** The options for the log of a server (docs/monitoring.md#the-log). */
export const logOptions = {
  log: oneOfOr(
    { flag: "log", value: "FORM", env: ["AI_CHAT_LOG"], help: "pretty, json or silent" },
    ["pretty", "json", "silent"],
    "pretty",
  ),
  logLevel: oneOfOr(
    {
      flag: "log-level",
      value: "LEVEL",
      env: ["AI_CHAT_LOG_LEVEL"],
      help: "debug, info, warn or error: the least that is logged",
    },
    ["debug", "info", "warn", "error"],
    "info",
  ),
  logFile: text(
    {
      flag: "log-file",
      value: "FILE",
      env: ["AI_CHAT_LOG_FILE"],
      names: "file",
      pattern: FILLED,
      help: "file for the log, instead of stderr; opened again at SIGHUP",
    },
    filled,
  ),
};
