import { readFile } from "node:fs/promises";
import { bundled } from "./bundled.js";
import { familyCpu } from "./machine.js";

/** The module of the tests that starts a PostgreSQL. */
const module = () => bundled("postgres");

/** Why no PostgreSQL can be started here. @returns {Promise<string | undefined>} */
export const noPostgres = async () => (await module()).noOwnPostgres;

/**
 * Starts a PostgreSQL that syncs every commit, with an empty schema. It ends with this process.
 * @returns {Promise<{ url: string, place(): Promise<{ url: string }>, cpu(): number, close(): Promise<void> }>}
 * `cpu`: milliseconds of all its processes
 */
export async function startPostgres() {
  const { openCluster } = await module();
  const cluster = await openCluster({ durable: true, settings: ["max_wal_size=8GB"] });
  const { url } = await cluster.place();
  const [line] = (await readFile(`${cluster.data}/postmaster.pid`, "utf8")).split("\n");
  const postmaster = Number(line);
  return { url, place: cluster.place, cpu: () => familyCpu(postmaster), close: cluster.close };
}
