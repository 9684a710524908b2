import { accountOptions } from "./account-options.ts";
import { aiOptions } from "./ai-options.ts";
import { balancerOptions } from "./balancer-options.ts";
import { corsOptions } from "./cors-options.ts";
import { limitOptions } from "./limit-options.ts";
import { logOptions } from "./log-options.ts";
import { metricsOptions } from "./metrics-options.ts";
import { FILLED, filled, textOr, toggle, whole } from "./option.ts";
import { proxyOptions } from "./proxy-options.ts";
import { storeOptions } from "./store-options.ts";
import { tlsOptions } from "./tls-options.ts";

/** The options of a server (docs/server.md#settings). Each has an environment variable. */
export const serverOptions = {
  host: textOr(
    { flag: "host", value: "HOST", env: ["AI_CHAT_HOST"], pattern: FILLED, help: "address to listen on" },
    "127.0.0.1",
    filled,
  ),
  port: whole(
    {
      flag: "port",
      value: "PORT",
      env: ["AI_CHAT_PORT"],
      // Kubernetes sets this variable to an address in every pod if there is a service called ai-chat.
      ignored: /^(tcp|udp|sctp):\/\//,
      help: "port to listen on; 0 takes a free one",
    },
    8000,
    [0, 65_535],
  ),
  ...tlsOptions,
  ...proxyOptions,
  ...corsOptions,
  ...storeOptions,
  ...aiOptions,
  ...accountOptions,
  ...limitOptions,
  ...balancerOptions,
  noPage: toggle({ flag: "no-page", env: ["AI_CHAT_NO_PAGE"], help: "no page for browsers, and no /docs" }),
  ...metricsOptions,
  ...logOptions,
};
