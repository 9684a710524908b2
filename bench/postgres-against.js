// Measures one server on Postgres beside the server of another commit, on the same database, in alternating rounds:
// questions per second, and CPU of the database and of the server a question, with 64 questions of 64 accounts in flight,
// with 64 of one account, and one at a time; round trips a question, counted on the wire. Servers, Postgres, upstream and
// load share this machine's processors: compare the ratios.
//   node bench/postgres-against.js FOLDER [rounds, default 7] [questions a round, default 3000]
// FOLDER: a built work tree of the other commit, for instance of `git worktree add FOLDER COMMIT`.
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { ask, newToken } from "./support/load.js";
import { startPostgres } from "./support/postgres.js";
import { start, startUpstream } from "./support/programs.js";

const [folder, roundsText = "7", countText = "3000"] = process.argv.slice(2);
if (!folder) throw new Error("Give the folder of the other commit's work tree.");
const [rounds, count] = [Number(roundsText), Number(countText)];

/** @typedef {import("./support/programs.js").Program} Program */
/** @typedef {{ name: string, server: Program, tokens: string[], trips: () => number }} Contender */

const [upstream, postgres] = await Promise.all([startUpstream(), startPostgres()]);

/** A proxy to the database that counts what is answered at once: each Sync or simple query of the protocol. */
async function openCounter(/** @type {string} */ url) {
  const { port, hostname } = new URL(url);
  let trips = 0;
  const proxy = createServer((client) => {
    const database = connect(Number(port), hostname);
    client.on("data", (data) => {
      trips += data.toString("latin1").split(/S\0\0\0\x04|Q\0\0/).length - 1;
    });
    client.pipe(database).pipe(client);
    for (const socket of [client, database]) socket.on("error", () => socket.destroy());
  }).listen(0, "127.0.0.1");
  await once(proxy, "listening");
  const address = proxy.address();
  const through = new URL(url);
  if (address && typeof address === "object") through.host = `127.0.0.1:${address.port}`;
  return { url: through.href, trips: () => trips };
}

const serve = (/** @type {string} */ root, /** @type {string} */ store) =>
  start([join(root, "bin/ai-chat.js"), "serve", "--port", "0", "--log", "silent"], {
    AI_CHAT_STORE: store,
    AI_CHAT_PROVIDER: "openai",
    AI_CHAT_BASE_URL: `${upstream.url}/v1`,
    AI_CHAT_API_KEY: "none",
    AI_CHAT_MODEL: "bench",
    AI_CHAT_PRICE: "1",
    AI_CHAT_STARTING_TOKENS: "1000000000",
    AI_CHAT_BCRYPT_COST: "4",
  });

/** `wired`: through a proxy that counts. @returns {Promise<Contender>} */
async function openContender(
  /** @type {string} */ name,
  /** @type {string} */ root,
  /** @type {boolean} */ wired,
) {
  const { url } = await postgres.place();
  const counter = wired ? await openCounter(url) : undefined;
  const server = await serve(root, counter?.url ?? url);
  const tokens = [];
  for (let i = 0; i < 64; i++) tokens.push(await newToken(server.url));
  return { name, server, tokens, trips: counter?.trips ?? (() => 0) };
}

/** Asks; returns what a question took. */
async function round(
  /** @type {Contender} */ { server, tokens, trips },
  /** @type {{ questions: number, parallel: number, accounts: number }} */ { questions, parallel, accounts },
) {
  const before = [performance.now(), await postgres.cpu(), await server.cpu(), trips()];
  await Promise.all(
    Array.from({ length: parallel }, (_, i) =>
      ask(server.url, {
        token: tokens[i % accounts] ?? "",
        count: Math.ceil(questions / parallel),
        parallel: 1,
      }),
    ),
  );
  const after = [performance.now(), await postgres.cpu(), await server.cpu(), trips()];
  return after.map((value, i) => (value - (before[i] ?? 0)) / questions);
}

const quartiles = (/** @type {number[]} */ values) => {
  const sorted = values.toSorted((a, b) => a - b);
  return [1, 2, 3].map((part) => sorted[Math.round(((sorted.length - 1) * part) / 4)] ?? NaN);
};

const told = (/** @type {number[]} */ values) => {
  const [low, middle, high] = quartiles(values);
  return `${middle?.toFixed(2)} (${low?.toFixed(2)}–${high?.toFixed(2)})`.padStart(18);
};

const loads = [
  { name: "64 in flight, 64 accounts", questions: count, parallel: 64, accounts: 64 },
  { name: "64 in flight, one account", questions: Math.ceil(count / 3), parallel: 64, accounts: 1 },
  { name: "one at a time", questions: Math.ceil(count / 10), parallel: 1, accounts: 1 },
];

const here = new URL("..", import.meta.url).pathname;
const theirs = await openContender("theirs", folder, false);
const ours = await openContender("ours", here, false);
console.log(
  "ours / theirs, median and quartiles  time a question       database CPU         server CPU   ms ours  ms theirs  CPU ms ours / theirs: database, server",
);
for (const load of loads) {
  await round(theirs, load);
  await round(ours, load);
  /** @type {{ ratios: number[][], own: number[][], other: number[][] }} */
  const { ratios, own, other } = { ratios: [], own: [], other: [] };
  for (let i = 0; i < rounds; i++) {
    const order = i % 2 ? [theirs, ours] : [ours, theirs];
    const figures = new Map();
    for (const each of order) figures.set(each, await round(each, load));
    const [a, b] = [figures.get(ours), figures.get(theirs)];
    own.push(a);
    other.push(b);
    ratios.push(a.map((/** @type {number} */ value, /** @type {number} */ n) => value / b[n]));
  }
  const column = (/** @type {number[][]} */ from, /** @type {number} */ n) =>
    from.map((figures) => figures[n] ?? NaN);
  const median = (/** @type {number[][]} */ from, /** @type {number} */ n) =>
    (quartiles(column(from, n))[1] ?? NaN).toFixed(3);
  console.log(
    `${load.name.padEnd(34)} ${[0, 1, 2].map((n) => told(column(ratios, n))).join(" ")} ${median(own, 0).padStart(9)} ${median(other, 0).padStart(10)}  ${median(own, 1)} / ${median(other, 1)}, ${median(own, 2)} / ${median(other, 2)}`,
  );
}
await theirs.server.stop();
await ours.server.stop();

console.log("\nround trips a question                  ours   theirs");
const wired = [await openContender("ours", here, true), await openContender("theirs", folder, true)];
for (const load of loads) {
  const trips = [];
  for (const each of wired) trips.push((await round(each, load))[3]?.toFixed(2).padStart(8));
  console.log(`${load.name.padEnd(34)} ${trips.join(" ")}`);
}
for (const { server } of wired) await server.stop();
await postgres.close();
await upstream.stop();
process.exit(0);
