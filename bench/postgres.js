// Questions a second and CPU a question of servers on one Postgres that syncs each commit, beside one server on a data
// folder, or with --against beside that build; 64 questions in flight. Servers, database, upstream and load share this
// machine's processors, so more servers cannot answer more here.
//   npm run bench -- postgres
import { createLoad, newAccounts } from "./support/load.js";
import { countCpu, isLinux } from "./support/machine.js";
import { noPostgres, startPostgres } from "./support/postgres.js";
import { startServer, startUpstream } from "./support/programs.js";
import { inRounds } from "./support/rounds.js";

const PARALLEL = 64;
const TURN = { warmUp: 4000, count: 1000 };
/** For questions that are asked one after the other. */
const SINGLE = { warmUp: 500, count: 300 };

/** @typedef {import("./support/programs.js").Program} Program */
/** @typedef {Record<string, string>[]} Heads */
/** @typedef {{ rate: number, cpu: number, db: number }} Told */

/**
 * A turn of servers that are asked alike, each by its share of those in flight. CPU in ms a question.
 * @param {Program[]} servers
 * @param {Heads} heads
 * @param {() => number} databaseCpu
 */
async function turnOf(servers, heads, databaseCpu, parallel = PARALLEL) {
  const { warmUp, count } = parallel === 1 ? SINGLE : TURN;
  const share = parallel / servers.length;
  const loads = servers.map(({ url }, i) => {
    const own = heads.slice(i * share, (i + 1) * share);
    return createLoad({ url, heads: own.length > 0 ? own : heads }, share);
  });
  const ask = (/** @type {number} */ all) => Promise.all(loads.map((load) => load(all / servers.length)));
  await ask(warmUp);
  return async () => {
    const [begun, db, cpus] = [performance.now(), databaseCpu(), servers.map(({ pid }) => countCpu(pid))];
    await ask(count);
    const rate = (count * 1000) / (performance.now() - begun);
    const cpu = cpus.reduce((sum, used) => sum + used(), 0) / count;
    return { rate, cpu, db: (databaseCpu() - db) / count };
  };
}

/** @type {import("./run.js").Measure} */
export async function postgres({ report, older }) {
  const why = isLinux ? await noPostgres() : "CPU is read from /proc";
  if (why !== undefined) return report.skip("Postgres", why);
  const [upstream, database] = [await startUpstream(), await startPostgres()];
  const on = async (/** @type {import("./support/programs.js").ServerOptions} */ options) => {
    const server = await startServer(upstream.url, options);
    return { server, heads: await newAccounts(server.url, PARALLEL) };
  };
  /** @param {Program[]} servers @param {Heads} heads @param {number} [parallel] */
  const turn = (servers, heads, parallel) => turnOf(servers, heads, () => database.cpu(), parallel);
  const now = await on({ postgres: database.url });
  const then = await on(
    older ? { postgres: (await database.place()).url, root: older.root } : { postgres: undefined },
  );
  /** @param {typeof now} on */
  const threeOf = async ({ server, heads }) => ({
    many: await turn([server], heads),
    burst: await turn([server], heads.slice(0, 1)),
    single: await turn([server], heads.slice(0, 1), 1),
  });
  const others = [];
  if (!older) for (let i = 0; i < 3; i++) others.push((await on({ postgres: database.url })).server);

  const [three, threeThen] = [await threeOf(now), await threeOf(then)];
  const rounds = await inRounds(
    {
      ...three,
      ...Object.fromEntries(Object.entries(threeThen).map(([name, turn]) => [`${name} then`, turn])),
      ...(older ? {} : { four: await turn([now.server, ...others], now.heads) }),
    },
    { seconds: older ? 240 : 130 },
  );

  /** @param {string} a @param {string} b @param {keyof Told} what @param {keyof Told} [of] */
  const ratio =
    (a, b, what, of = what) =>
    (/** @type {any} */ round) =>
      round[a][what] / round[b][of];
  const beside = older?.name ?? "data folder";
  const labels = { many: "64 accounts", burst: "one account", single: "one question at a time" };
  for (const [name, label] of Object.entries(labels)) {
    const goal = older && {
      rate: name === "many" ? "≥ 2" : "≥ 1",
      db: name === "many" ? "≤ 0.5" : undefined,
    };
    const [what, base] = [`Postgres, ${label}`, `${name} then`];
    report.add(
      { name: `${what}: questions a second`, beside, goal: goal?.rate },
      rounds,
      ratio(name, base, "rate"),
    );
    report.add({ name: `${what}: CPU of the server`, beside }, rounds, ratio(name, base, "cpu"));
    report.add(
      older
        ? { name: `${what}: CPU of the database`, beside, goal: goal?.db }
        : { name: `${what}: CPU of the database`, beside: "CPU of the server on a data folder" },
      rounds,
      ratio(name, base, "db", older ? "db" : "cpu"),
    );
  }
  if (!older)
    for (const what of /** @type {const} */ (["rate", "cpu"]))
      report.add(
        {
          name: `Postgres, four servers: ${what === "rate" ? "questions a second" : "CPU of the servers"}`,
          beside,
        },
        rounds,
        ratio("four", "many then", what),
      );
  await database.close();
}
