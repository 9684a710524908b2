// Measures questions per second and CPU with 1, 2 and 4 servers on one Postgres, with one server on the JSON store, and
// with all questions from one account; how much a busy account slows the others; the time of a question and of `usage`
// with ten million ledger rows and with an almost empty database. Servers, Postgres, upstream and load share this
// machine's processors, and every charge is synced to its disk: compare the ratios, not the times.
//   node bench/postgres.js [questions a round, default 1500] [rows of ledger, default 10000000]
import { folderWith } from "./support/folder.js";
import { ask, newToken } from "./support/load.js";
import { startOnPostgres, startPostgres } from "./support/postgres.js";
import { startServer, startUpstream } from "./support/programs.js";

const count = Number(process.argv[2] ?? 1500);
const ledger = Number(process.argv[3] ?? 10_000_000);
const parallel = 16;
const rounds = 3;

const median = (/** @type {number[]} */ values) =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? NaN;

const [upstream, postgres, folder] = await Promise.all([startUpstream(), startPostgres(), folderWith(10)]);
const json = await startServer(folder.path, upstream.url);
/** @type {import("./support/programs.js").Program[]} */
const servers = [];
for (let i = 0; i < 4; i++) servers.push(await startOnPostgres(postgres.url, upstream.url));
const [one] = servers;
if (!one) throw new Error("no server");
const tokens = await Promise.all(Array.from({ length: parallel }, () => newToken(one.url)));
const jsonTokens = await Promise.all(Array.from({ length: parallel }, () => newToken(json.url)));

/** Each token asks an equal share of the questions, at the servers in turn. */
const round = (/** @type {{ url: string }[]} */ on, /** @type {string[]} */ who) =>
  Promise.all(
    Array.from({ length: parallel }, (_, i) =>
      ask(on[i % on.length]?.url ?? "", {
        token: who[i % who.length] ?? "",
        count: Math.ceil(count / parallel),
        parallel: 1,
      }),
    ),
  );

/** @type {[string, typeof servers, string[]][]} */
const contenders = [
  ["JSON store, 1 server", [json], jsonTokens],
  ...[1, 2, 4].map(
    (many) =>
      /** @type {[string, typeof servers, string[]]} */ ([
        `Postgres, ${many} server${many > 1 ? "s" : ""}`,
        servers.slice(0, many),
        tokens,
      ]),
  ),
  ["Postgres, 4, one account", servers, tokens.slice(0, 1)],
];

const cpuOf = async (/** @type {typeof servers} */ on) => {
  let sum = 0;
  for (const server of on) sum += await server.cpu();
  return sum;
};

console.log(`${rounds} rounds of ${count} questions, ${parallel} at a time, ${parallel} accounts`);
console.log("                            questions/s   server CPU ms   Postgres CPU ms");
for (const [, on, who] of contenders) await round(on, who);
for (const [name, on, who] of contenders) {
  /** @type {number[][]} */
  const told = [];
  for (let i = 0; i < rounds; i++) {
    const [wall, cpu, db] = [performance.now(), await cpuOf(on), await postgres.cpu()];
    await round(on, who);
    told.push([
      (1000 * count) / (performance.now() - wall),
      ((await cpuOf(on)) - cpu) / count,
      ((await postgres.cpu()) - db) / count,
    ]);
  }
  const [rate, cpu, db] = [0, 1, 2].map((i) => median(told.map((figures) => figures[i] ?? NaN)));
  console.log(
    `${name.padEnd(26)} ${(rate ?? 0).toFixed(0).padStart(12)} ${(cpu ?? 0).toFixed(2).padStart(15)} ${(db ?? 0).toFixed(2).padStart(17)}`,
  );
}

/** Mean milliseconds of a question, asked one after the other on an account without other load. */
async function questionTime(/** @type {string} */ url, /** @type {string} */ token) {
  const wall = performance.now();
  await ask(url, { token, count: 100, parallel: 1 });
  return (performance.now() - wall) / 100;
}

/** Mean milliseconds of a request for 90 days of usage, one after the other. */
async function usageTime(/** @type {string} */ url, /** @type {string} */ token) {
  const wall = performance.now();
  for (let i = 0; i < 100; i++) {
    const reply = await fetch(`${url}/api/usage/?days=90`, { headers: { Authorization: `Bearer ${token}` } });
    if (reply.status !== 200) throw new Error(`usage: ${reply.status}`);
    await reply.arrayBuffer();
  }
  return (performance.now() - wall) / 100;
}

const quiet = await newToken(one.url);

/** The time of a question while these tokens load two servers equally. */
async function beside(/** @type {string[]} */ who) {
  const over = new AbortController();
  const load = Array.from({ length: parallel }, async (_, i) => {
    while (!over.signal.aborted)
      await ask(servers[i % 2]?.url ?? "", { token: who[i % who.length] ?? "", count: 10, parallel: 1 });
  });
  const time = await questionTime(one?.url ?? "", quiet);
  over.abort();
  await Promise.all(load);
  return time;
}

/** The median ratio of five rounds, each of which measures first one time and then the other. */
async function ratioOf(
  /** @type {() => Promise<number>} */ measured,
  /** @type {() => Promise<number>} */ against,
) {
  /** @type {number[]} */
  const ratios = [];
  for (let i = 0; i < 5; i++) ratios.push((await measured()) / (await against()));
  return median(ratios).toFixed(2);
}

const [hot, spread] = [() => beside(tokens.slice(0, 1)), () => beside(tokens)];
console.log(
  `\na question beside one busy account, against one beside ${parallel} busy accounts   ${await ratioOf(hot, spread)}`,
);

const other = await postgres.place();
const small = await startOnPostgres(other.url, upstream.url);
const smallToken = await newToken(small.url);
await questionTime(small.url, smallToken);
await questionTime(one.url, quiet);
const [{ account }] = await postgres.query(
  "SELECT account FROM chat_ledger WHERE kind = 'charge' ORDER BY at DESC LIMIT 1",
);
// One row in a thousand belongs to the asking account; creating the index afterwards is faster.
await postgres.query("DROP INDEX chat_ledger_account");
await postgres.query(`INSERT INTO chat_ledger (id, kind, account, at, tokens, balance)
  SELECT '0' || lpad(i::text, 35, '0'), 'charge', CASE i % 1000 WHEN 0 THEN '${account}' ELSE 'a' || (i % 1000) END,
    now() - (i % 90) * interval '1 day', -1, 0
  FROM generate_series(1, ${ledger}) i`);
await postgres.query("CREATE INDEX chat_ledger_account ON chat_ledger (account, at)");
await postgres.query("VACUUM ANALYZE chat_ledger");
await postgres.query("CHECKPOINT");

console.log(`\nwith ${ledger.toLocaleString("en")} more rows of ledger, against an almost empty database`);
const ofBoth = (/** @type {typeof questionTime} */ time) =>
  ratioOf(
    () => time(one?.url ?? "", quiet),
    () => time(small.url, smallToken),
  );
console.log(`a question, one at a time   ${await ofBoth(questionTime)}`);
console.log(`usage of 90 days            ${await ofBoth(usageTime)}`);

for (const server of [json, small, ...servers]) await server.stop();
await postgres.close();
await upstream.stop();
await folder.remove();
