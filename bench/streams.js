// 1,000 streams at once, each of 20 deltas a second, through a server that may use one core: how late the deltas come,
// the share of the core, and memory a stream, beside a bare forwarder. Upstream and reader may use all cores.
//   npm run bench -- streams stream-memory
import { spawnSync } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { openCrowd } from "./support/crowd.js";
import { newAccounts } from "./support/load.js";
import { countCpu, isLinux, residentKib } from "./support/machine.js";
import { startForwarder, startServer, startUpstream } from "./support/programs.js";
import { inRounds, quantile } from "./support/rounds.js";

const MANY = 1000;
const FEW = 200;
const PER_SECOND = 20;
const WINDOW_S = 8;
/** From the start of the pace until the window, in milliseconds. */
const SETTLE_MS = 1000;
/** The same of the server. Its lag begins with 0, and takes some seconds until it no longer grows. */
const STEADY_MS = 5000;
const CORE = 0;

const hasTaskset = spawnSync("taskset", ["-c", String(CORE), process.execPath, "-e", "0"]).status === 0;
const whyNot = isLinux && hasTaskset ? undefined : "taskset (Linux, util-linux) keeps the server on one core";

/** One turn: the streams are open, then the window is measured, in quarters. */
async function crowdTurn(
  /** @type {string} */ upstream,
  /** @type {{ url: string, pid: number }} */ { url, pid },
  /** @type {{ heads?: Record<string, string>[], settle: number }} */ { heads, settle },
) {
  const crowd = await openCrowd(url, { count: MANY, heads });
  await crowd.pace(upstream);
  await sleep(settle);
  const cpu = countCpu(pid);
  const begun = performance.now();
  const quarters = [];
  for (let i = 0; i < 4; i++) quarters.push(await crowd.lags(sleep((WINDOW_S * 1000) / 4)));
  const share = cpu() / (performance.now() - begun);
  await crowd.end(upstream);
  const [first = [], , , last = []] = quarters;
  const all = quarters.flat();
  return {
    share,
    p99: quantile(all, 0.99),
    growth: quantile(last, 0.5) / quantile(first, 0.5),
    got: all.length / (MANY * PER_SECOND * WINDOW_S),
  };
}

/** @type {import("./run.js").Measure} */
export async function streams({ report }) {
  if (whyNot !== undefined) return report.skip("1,000 streams", whyNot);
  const upstream = await startUpstream();
  const forwarder = await startForwarder(upstream.url, { core: CORE });
  const server = await startServer(upstream.url, { core: CORE });
  const heads = await newAccounts(server.url, 16);
  const turns = {
    forwarder: () => crowdTurn(upstream.url, forwarder, { settle: SETTLE_MS }),
    server: () => crowdTurn(upstream.url, server, { heads, settle: STEADY_MS }),
  };
  const rounds = await inRounds(turns, { rounds: 7, warmUp: 1, seconds: 230 });
  const name = (/** @type {string} */ what) => `1,000 streams, one core: ${what}`;
  const ms = { unit: "ms" };
  report.add(
    { name: name("share of the core"), beside: "forwarder" },
    rounds,
    (r) => r.server.share / r.forwarder.share,
  );
  report.add({ name: name("share of the core"), unit: "" }, rounds, (r) => r.server.share);
  report.add({ name: name("the same of the forwarder"), unit: "" }, rounds, (r) => r.forwarder.share);
  report.add({ name: name("deltas that came in time"), unit: "of those sent" }, rounds, (r) => r.server.got);
  report.add({ name: name("p99 of the lag"), goal: "< 250 ms", ...ms }, rounds, (r) => r.server.p99);
  report.add({ name: name("p99 of the lag of the forwarder"), ...ms }, rounds, (r) => r.forwarder.p99);
  report.add(
    { name: name("lag in the last quarter"), beside: "the first quarter", goal: "≤ 1" },
    rounds,
    (r) => r.server.growth,
  );
}

/** KiB in RAM for one more stream, after garbage collection, of a server that has served streams before. */
async function memoryTurn(/** @type {string} */ upstream) {
  const server = await startServer(upstream, { gc: true });
  const heads = await newAccounts(server.url, 16);
  const open = (/** @type {number} */ count) => openCrowd(server.url, { count, heads });
  await (await open(FEW)).end(upstream);
  const resident = async () => {
    await server.collect();
    return residentKib(server.pid);
  };
  const opened = async (/** @type {number} */ count) => {
    const crowd = await open(count);
    await crowd.pace(upstream);
    await sleep(SETTLE_MS);
    await crowd.still(upstream);
    return crowd;
  };
  const few = await opened(FEW);
  const before = await resident();
  const rest = await opened(MANY - FEW);
  const kib = ((await resident()) - before) / (MANY - FEW);
  await Promise.all([few, rest].map((crowd) => crowd.end(upstream)));
  await server.stop();
  return { kib };
}

/** @type {import("./run.js").Measure} */
export async function streamMemory({ report }) {
  if (!isLinux) return report.skip("memory of a stream", "it is read from /proc");
  const upstream = await startUpstream();
  const rounds = await inRounds({ server: () => memoryTurn(upstream.url) }, { rounds: 7, seconds: 100 });
  report.add(
    { name: `memory of a stream, from ${FEW} to ${MANY.toLocaleString("en")}`, unit: "KiB", goal: "≤ 48" },
    rounds,
    (round) => round.server.kib,
  );
}
