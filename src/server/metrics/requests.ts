import { Counter, type Registry } from "prom-client";
import { pagePaths, routes } from "../../protocol/routes.ts";
import { LIMITS, type LimitName } from "../core/limit-names.ts";
import { keep } from "./keep.ts";

const known: ReadonlySet<string> = new Set([...Object.values(routes), ...Object.values(pagePaths)]);

/** The label of a path: every other path than those of the API and the pages is `other`. */
function routeOf(path: string): string {
  const route = path.length > 1 && path.endsWith("/") ? path.slice(0, -1) : path;
  if (known.has(route)) return route;
  if (route.startsWith(`${routes.apiKeys}/`)) return routes.apiKey;
  return route.startsWith(`${routes.openAiModels}/`) ? routes.openAiModel : "other";
}

/** Counts requests, and those that a limit refused. */
export function requestMetrics(registers: Registry[]) {
  const requests = new Counter({
    name: "ai_chat_http_requests_total",
    help: "Requests that ended, by route and status; 499: the client left before its reply.",
    labelNames: ["route", "status"],
    registers,
  });
  const limited = new Counter({
    name: "ai_chat_limited_total",
    help: "Requests that a limit refused (429), by the name of the limit.",
    labelNames: ["limit"],
    registers,
  });
  const requestsOf = keep((route) => keep((status) => requests.labels(route, status)));
  const limitedOf = keep((limit) => limited.labels(limit));
  for (const limit of LIMITS) limitedOf(limit).inc(0);

  return function onRequest(path: string, status: number, limit: LimitName | undefined): void {
    requestsOf(routeOf(path))(String(status)).inc();
    if (limit !== undefined) limitedOf(limit).inc();
  };
}
