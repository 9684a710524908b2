import { readFile } from "node:fs/promises";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";
import { familyCpu } from "./machine.js";

const here = (/** @type {string} */ path) => fileURLToPath(new URL(path, import.meta.url));

/** The module of the tests that starts a PostgreSQL. */
async function module() {
  const outfile = here("../../node_modules/.cache/bench/postgres.mjs");
  await build({
    entryPoints: [here("../../test/support/postgres.ts")],
    outfile,
    bundle: true,
    format: "esm",
    platform: "node",
    packages: "external",
  });
  return import(pathToFileURL(outfile).href);
}

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
