// CPU of the server, with all its threads, for one question: plain and streamed, with few and many accounts, beside a
// bare forwarder to the same upstream; and the slowest of a hundred answers with 64 in flight. 16 questions are in
// flight on 16 accounts, and each charge is synced to disk.
// Also of an event of a completion that is passed on at /v1, beside a bare pipe.
//   npm run bench -- question accounts ledger-key latency relay
import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { newFolder } from "./support/endings.js";
import { folderWith } from "./support/folder.js";
import { createLoad, newAccounts } from "./support/load.js";
import { countCpu } from "./support/machine.js";
import { startForwarder, startServer, startUpstream } from "./support/programs.js";
import { inRounds, quantile } from "./support/rounds.js";

const PARALLEL = 16;
/** Questions before the first round, for the compilers of Node, and in a turn of a round. */
const PLAIN = { warmUp: 8000, count: 2500 };
/** Each turn pays for one checkpoint, which the server makes after 10,000 charges. */
const WHOLE = { warmUp: 20_000, count: 10_000 };
const STREAM = { warmUp: 1500, count: 400 };

/**
 * @typedef {import("./support/programs.js").Program} Program
 * @typedef {import("./support/load.js").Target & { program: Program }} Contender
 */

/** @param {Program} program @param {number} [accounts] @returns {Promise<Contender>} */
const withAccounts = async (program, accounts = PARALLEL) => ({
  program,
  url: program.url,
  heads: await newAccounts(program.url, accounts),
});

/**
 * Microseconds of CPU a question in rounds.
 * @param {Record<string, Contender>} contenders
 * @param {{ stream: boolean, seconds: number, message?: string, size?: { warmUp: number, count: number } }} options
 */
async function cpuInRounds(contenders, { stream, seconds, message, size = stream ? STREAM : PLAIN }) {
  const { warmUp, count } = size;
  /** @type {Parameters<typeof inRounds>[0]} */
  const turns = {};
  for (const [name, { program, ...target }] of Object.entries(contenders)) {
    const ask = createLoad(
      { ...target, ...(message && { body: () => JSON.stringify({ message }) }), stream },
      PARALLEL,
    );
    await ask(warmUp);
    turns[name] = async () => {
      const cpu = countCpu(program.pid);
      await ask(count);
      return { us: (cpu() * 1000) / count };
    };
  }
  return inRounds(turns, { seconds });
}

/** @param {string} a @param {string} b @returns {(round: any) => number} */
const cpuRatio = (a, b) => (round) => round[a].us / round[b].us;

const kinds = /** @type {const} */ ([
  [false, "plain question", "≤ 2.5", WHOLE],
  [true, "200-word stream", "≤ 2.2", STREAM],
]);
const BURST = { stream: true, message: "burst", seconds: 50 };

/** @type {import("./run.js").Measure} */
export async function question({ report, older, peers }) {
  const upstream = await startUpstream();
  const forwarder = await startForwarder(upstream.url);
  const ours = {
    forwarder: { program: forwarder, url: forwarder.url },
    server: await withAccounts(await startServer(upstream.url)),
  };
  /** @type {Record<string, Contender>} */
  const contenders = { ...ours };
  if (older) contenders.older = await withAccounts(await startServer(upstream.url, { root: older.root }));
  const portkey = await peers?.startPortkey(upstream.url);
  for (const [stream, name, goal, size] of kinds) {
    const peerName = `${name}: CPU of ${peers?.portkeyName}`;
    const why = portkey && (await whyNotAsked({ ...portkey, stream }));
    if (why !== undefined) report.skip(peerName, why);
    const peer = why === undefined ? portkey : undefined;
    const rounds = await cpuInRounds(peer ? { ...contenders, portkey: peer } : contenders, {
      stream,
      seconds: 70,
      size,
    });
    const beside = "forwarder";
    report.add({ name: `${name}: CPU`, beside, goal }, rounds, cpuRatio("server", beside));
    if (older) report.add({ name: `${name}: CPU`, beside: older.name }, rounds, cpuRatio("server", "older"));
    if (peer) report.add({ name: peerName, beside }, rounds, cpuRatio("portkey", beside));
  }
  const rounds = await cpuInRounds(ours, BURST);
  report.add(
    { name: "200-word stream that comes in one write: CPU", beside: "forwarder" },
    rounds,
    cpuRatio("server", "forwarder"),
  );
}

/** What happened instead of a whole answer; undefined for one. @param {import("./support/load.js").Target} target */
async function whyNotAsked(target) {
  try {
    await createLoad(target, 1)(1);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** @type {import("./run.js").Measure} */
export async function accounts({ report }) {
  const upstream = await startUpstream();
  /** @type {Record<string, Contender>} */
  const contenders = {};
  for (const size of [10, 1_000, 100_000])
    contenders[size] = await withAccounts(await startServer(upstream.url, { data: await folderWith(size) }));
  const rounds = await cpuInRounds(contenders, { stream: false, seconds: 90 });
  for (const size of [1_000, 100_000])
    report.add(
      { name: `plain question, ${size.toLocaleString("en")} accounts: CPU`, beside: "10 accounts" },
      rounds,
      cpuRatio(String(size), "10"),
    );
}

/** @type {import("./run.js").Measure} */
export async function ledgerKey({ report, older }) {
  const upstream = await startUpstream();
  const key = join(newFolder(), "key");
  await writeFile(key, randomBytes(48), { mode: 0o600 });
  /** @type {Record<string, Contender>} */
  const contenders = {
    without: await withAccounts(await startServer(upstream.url)),
    keyed: await withAccounts(await startServer(upstream.url, { ledgerKey: key })),
  };
  if (older) contenders.older = await withAccounts(await startServer(upstream.url, { root: older.root }));
  const rounds = await cpuInRounds(contenders, { stream: false, seconds: 70 });
  const name = "plain question, ledger with a key: CPU";
  report.add({ name, beside: "no key" }, rounds, cpuRatio("keyed", "without"));
  if (older)
    report.add({ name: "the same without a key", beside: older.name }, rounds, cpuRatio("without", "older"));
}

/** @type {import("./run.js").Measure} */
export async function latency({ report }) {
  const parallel = 64;
  const upstream = await startUpstream();
  const [forwarder, server] = await Promise.all([startForwarder(upstream.url), startServer(upstream.url)]);
  const heads = await newAccounts(server.url, parallel);
  const asks = {
    forwarder: createLoad({ url: forwarder.url }, parallel),
    server: createLoad({ url: server.url, heads }, parallel),
  };
  for (const ask of Object.values(asks)) await ask(PLAIN.warmUp);
  const turn = (/** @type {typeof asks.server} */ ask) => async () => {
    const times = await ask(4000);
    return { p99: quantile(times, 0.99), p50: quantile(times, 0.5) };
  };
  const rounds = await inRounds(
    { forwarder: turn(asks.forwarder), server: turn(asks.server) },
    { seconds: 60 },
  );
  const ratio = (/** @type {"p50" | "p99"} */ part) => (/** @type {any} */ round) =>
    round.server[part] / round.forwarder[part];
  report.add({ name: "64 in flight: median time of an answer", beside: "forwarder" }, rounds, ratio("p50"));
  report.add({ name: "64 in flight: p99", beside: "forwarder" }, rounds, ratio("p99"));
}

/** Events of the upstream's answer to "long". */
const EVENTS = 2001;
const LONG = { warmUp: 200, count: 160 };

/** CPU of the server for each event that it passes on at `/v1`. @type {import("./run.js").Measure} */
export async function relay({ report }) {
  const upstream = await startUpstream();
  const forwarder = await startForwarder(upstream.url);
  const server = await withAccounts(await startServer(upstream.url));
  const body = () => JSON.stringify({ stream: true, messages: [{ role: "user", content: "long" }] });
  /** @type {Parameters<typeof inRounds>[0]} */
  const turns = {};
  for (const [name, { program, ...target }] of Object.entries({
    server,
    pipe: { program: forwarder, url: forwarder.url },
  })) {
    const ask = createLoad({ ...target, path: "/v1/chat/completions", body, stream: true }, PARALLEL);
    await ask(LONG.warmUp);
    turns[name] = async () => {
      const cpu = countCpu(program.pid);
      await ask(LONG.count);
      return { us: (cpu() * 1000) / (LONG.count * EVENTS) };
    };
  }
  const rounds = await inRounds(turns, { seconds: 200 });
  report.add(
    { name: "an event passed on at /v1, CPU", beside: "a bare pipe", goal: "≤ 2" },
    rounds,
    cpuRatio("server", "pipe"),
  );
  report.add(
    { name: "an event passed on at /v1, CPU", unit: "µs" },
    rounds,
    (round) => round.server?.us ?? NaN,
  );
}
