import { seconds } from "./option.ts";

/** The options of a server for the proxy or load balancer in front of it (docs/hosting.md#run-two-servers). */
export const balancerOptions = {
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
  drainDelay: seconds(
    {
      flag: "drain-delay",
      value: "SECONDS",
      env: ["AI_CHAT_DRAIN_DELAY"],
      help: "at shutdown, time to go on serving before the drain",
    },
    0,
    [0, 86_400],
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
};
