import { seconds } from "./option.ts";

/** How long a server waits (docs/hosting.md#settings). */
export const timeOptions = {
  questionTimeout: seconds(
    {
      flag: "question-timeout",
      value: "SECONDS",
      env: ["AI_CHAT_QUESTION_TIMEOUT"],
      help: "longest time for a question",
    },
    120,
    [0.1, 86_400],
  ),
  idleTimeout: seconds(
    {
      flag: "idle-timeout",
      value: "SECONDS",
      env: ["AI_CHAT_IDLE_TIMEOUT"],
      help: "longest silence of the AI within a reply",
    },
    60,
    [0.1, 86_400],
  ),
  drainTimeout: seconds(
    {
      flag: "drain-timeout",
      value: "SECONDS",
      env: ["AI_CHAT_DRAIN_TIMEOUT"],
      help: "at shutdown, time for open questions",
    },
    30,
    [0, 86_400],
  ),
  drainDelay: seconds(
    {
      flag: "drain-delay",
      value: "SECONDS",
      env: ["AI_CHAT_DRAIN_DELAY"],
      help: "at shutdown, serve so long before the drain",
    },
    0,
    [0, 86_400],
  ),
  keepAlive: seconds(
    {
      flag: "keep-alive",
      value: "SECONDS",
      env: ["AI_CHAT_KEEP_ALIVE"],
      help: "how long an idle connection is kept",
    },
    75,
    [1, 86_400],
  ),
};
