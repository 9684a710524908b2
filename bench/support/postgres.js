import { readdir, readFile } from "node:fs/promises";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";
import { start } from "./programs.js";

const here = (/** @type {string} */ path) => fileURLToPath(new URL(path, import.meta.url));

/**
 * Starts a PostgreSQL that syncs every commit, with an empty schema.
 * @returns {Promise<{
 *   url: string,
 *   query(sql: string): Promise<any[]>,
 *   place(): Promise<{ url: string }>,
 *   cpu(): Promise<number>,
 *   close(): Promise<void>,
 * }>}
 */
export async function startPostgres() {
  const module = here("../../node_modules/.cache/bench/postgres.mjs");
  await build({
    entryPoints: [here("../../test/support/postgres.ts")],
    outfile: module,
    bundle: true,
    format: "esm",
    platform: "node",
    packages: "external",
  });
  const { openCluster } = await import(pathToFileURL(module).href);
  const cluster = await openCluster({
    durable: true,
    settings: ["max_wal_size=8GB", "maintenance_work_mem=256MB"],
  });
  const place = await cluster.place();
  const [{ dir }] = await place.query("SELECT current_setting('data_directory') AS dir");
  const postmaster = Number((await readFile(`${dir}/postmaster.pid`, "utf8")).split("\n")[0]);
  return {
    url: place.url,
    query: place.query,
    place: cluster.place,
    cpu: () => cpuOfFamily(postmaster),
    close: cluster.close,
  };
}

/** CPU in ms of a process, its running children and those it has waited for. Linux: proc(5), stat, in 1/100 s. */
async function cpuOfFamily(/** @type {number} */ pid) {
  let sum = 0;
  for (const name of (await readdir("/proc")).filter((entry) => /^\d+$/.test(entry))) {
    const stat = await readFile(`/proc/${name}/stat`, "utf8").catch(() => "");
    const fields = stat
      .slice(stat.lastIndexOf(")") + 2)
      .split(" ")
      .map(Number);
    const [parent, user = 0, system = 0, endedUser = 0, endedSystem = 0] = [
      fields[1],
      ...fields.slice(11, 15),
    ];
    if (Number(name) === pid) sum += user + system + endedUser + endedSystem;
    else if (parent === pid) sum += user + system;
  }
  return sum * 10;
}

/** The built chat server on a database. Questions cost 1 token, so that the accounts don't run out of tokens. */
export const startOnPostgres = (/** @type {string} */ store, /** @type {string} */ upstream) =>
  start([here("../../bin/ai-chat.js"), "serve", "--port", "0", "--log", "silent"], {
    AI_CHAT_STORE: store,
    AI_CHAT_PROVIDER: "openai",
    AI_CHAT_BASE_URL: `${upstream}/v1`,
    AI_CHAT_API_KEY: "none",
    AI_CHAT_MODEL: "bench",
    AI_CHAT_PRICE: "1",
    AI_CHAT_STARTING_TOKENS: "1000000000",
    AI_CHAT_BCRYPT_COST: "4",
  });
