import { collectDefaultMetrics, Registry } from "prom-client";

let registry: Registry | undefined;

/** The metrics of the process and of Node. One registry for all servers of a process: prom-client never stops to watch. */
export function processMetrics(): Registry {
  if (registry) return registry;
  registry = new Registry();
  collectDefaultMetrics({ register: registry });
  return registry;
}
