import type { Option } from "./option.ts";

/** An IPv6 address is in brackets: else its end would be a port. */
const PLACE = "^(?:(\\[[0-9A-Fa-f:.]+(?:%[0-9A-Za-z]+)?\\]|[^\\s:\\[\\]]+):)?(\\d{1,5})$";

interface Place {
  host: string;
  port: number;
}

function place(typed: string): Place {
  const [, host = "127.0.0.1", digits = "none"] = new RegExp(PLACE).exec(typed.trim()) ?? [];
  const port = Number(digits);
  if (port <= 65_535) return { host: host.replaceAll(/[[\]]/g, ""), port };
  throw new Error("a port from 0 to 65535, or host and port: 9464, 10.0.0.7:9464 or [::1]:9464");
}

const metrics: Option<Place | undefined> = {
  flag: "metrics",
  value: "[HOST:]PORT",
  env: ["AI_CHAT_METRICS"],
  help: "serve metrics for Prometheus on a port of their own",
  shown: "none",
  fallback: undefined,
  parse: place,
  schema: {
    anyOf: [
      { type: "integer", minimum: 0, maximum: 65_535 },
      { type: "string", pattern: PLACE },
    ],
  },
  read: (value) => place(typeof value === "string" || typeof value === "number" ? String(value) : ""),
};

/** What a server shows of itself to its operator (docs/monitoring.md#metrics). */
export const metricsOptions = { metrics };
