import type { ApiKeyLimit } from "../../protocol/replies.ts";
import { lifetimeOr } from "./invite-options.ts";
import { LARGEST, oneOf, toggle, type Option } from "./option.ts";

function limitOf(typed: string): ApiKeyLimit {
  const [, digits = "", per = ""] = /^(\d{1,10})\/(day|week|month)$/.exec(typed.trim()) ?? [];
  const tokens = Number(digits);
  if (tokens >= 1 && tokens <= LARGEST && (per === "day" || per === "week" || per === "month"))
    return { tokens, per };
  throw new Error("tokens in a period, such as 1000/day, 5000/week or 20000/month");
}

const keyLimit: Option<ApiKeyLimit | undefined> = {
  flag: "limit",
  value: "TOKENS/PERIOD",
  help: "most that the key may spend, such as 1000/day, 5000/week or 20000/month",
  fallback: undefined,
  schema: { type: "string" },
  parse: limitOf,
  read: (value) => limitOf(String(value)),
};

/** The options of `keys create`, and what other commands say about API keys. */
export const keyOptions = {
  keyLimit,
  keyExpires: lifetimeOr({
    flag: "expires",
    value: "TIME",
    help: "how long the key is valid, such as 12h or 90d",
  }),
  revokeKeys: toggle({ flag: "revoke-keys", help: "also end your API keys" }),
  usageBy: oneOf({ flag: "by", value: "key|model", help: "also the sums by API key or by model" }, [
    "key",
    "model",
  ]),
};
