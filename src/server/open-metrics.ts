import { isLoopbackHost } from "./core/loopback.ts";
import type { OpenMetrics } from "./metrics/open.ts";
import type { Current } from "./reload.ts";

/**
 * Serves metrics if the configuration says where; they are not loaded otherwise. Rejects with a StartupError if the operator
 * can correct the fault.
 */
export async function openMetrics(current: Current): Promise<OpenMetrics | undefined> {
  const { metrics: place, version, warn } = current.config;
  if (place === undefined) return undefined;
  const { openMetrics } = await import("./metrics/open.ts");
  const metrics = await openMetrics({ ...place, version, warn, models: () => current.models.list });
  if (!isLoopbackHost(place.host))
    warn(
      `Everybody who reaches ${metrics.url} reads how much this server is used. It has no names. For this machine alone: --metrics ${place.port}`,
    );
  return metrics;
}
