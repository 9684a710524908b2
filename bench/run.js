// Measures, each figure beside its baseline in alternating rounds, and prints a table (docs/performance.md).
//   npm run bench -- [--json FILE|FOLDER] [--against COMMIT] [--peers] [NAME…]
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { accounts, latency, ledgerKey, question, relay } from "./question.js";
import { postgres } from "./postgres.js";
import { session } from "./session.js";
import { serverStart, start } from "./start.js";
import { streamMemory, streams } from "./streams.js";
import { beginEndings } from "./support/endings.js";
import { isLinux, machine } from "./support/machine.js";
import { buildOlder } from "./support/older.js";
import { installPeers } from "./support/peers.js";
import { OURS } from "./support/programs.js";
import { isLate } from "./support/rounds.js";
import { createReport } from "./support/report.js";

/**
 * What a measurement gets: `older` is another build of this program, `peers` other programs.
 * @typedef {(context: {
 *   report: import("./support/report.js").Report,
 *   older?: Awaited<ReturnType<typeof buildOlder>>,
 *   peers?: Awaited<ReturnType<typeof installPeers>>,
 * }) => Promise<void>} Measure
 */

/** In the order in which they run. @type {Record<string, Measure>} */
const measures = {
  question,
  accounts,
  "ledger-key": ledgerKey,
  latency,
  relay,
  streams,
  "stream-memory": streamMemory,
  start,
  "server-start": serverStart,
  session,
  postgres,
};
/** What runs with --against or --peers, if no name is given. */
const compared = { against: ["question", "start", "postgres"], peers: ["question"] };

const usage = `npm run bench -- [options] [name…]

  name…             only these: ${Object.keys(measures).join(", ")}
  --json PLACE      also write the figures as JSON, to a file or into a folder
  --against COMMIT  build that commit too, and put its figures beside: ${compared.against.join(", ")}
  --peers           install @portkey-ai/gateway into a temporary folder, and put it beside: ${compared.peers.join(", ")}`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: "string" },
    against: { type: "string" },
    peers: { type: "boolean" },
    help: { type: "boolean", short: "h" },
  },
});
const unknown = positionals.find((name) => !Object.hasOwn(measures, name));
if (unknown !== undefined || values.help) {
  console.log(unknown === undefined ? usage : `There is no figure named ${unknown}.\n\n${usage}`);
  process.exit(unknown === undefined ? 0 : 2);
}
const all = values.against ? compared.against : values.peers ? compared.peers : Object.keys(measures);
const names = positionals.length > 0 ? positionals : all;

const git = (/** @type {string[]} */ ...args) =>
  execFileSync("git", args, { cwd: OURS, encoding: "utf8" }).trim();
const versionOf = (/** @type {string} */ name) =>
  JSON.parse(readFileSync(`${OURS}/node_modules/${name}/package.json`, "utf8")).version;
const head = {
  commit: git("rev-parse", "--short", "HEAD") + (git("status", "--porcelain", "-uno") ? "-changed" : ""),
  at: new Date().toISOString(),
  node: process.version,
  versions: Object.fromEntries(
    ["undici", "koa", "openai", "pg", "ink"].map((name) => [name, versionOf(name)]),
  ),
  ...machine(),
};
console.log(
  `Commit ${head.commit}, ${head.at.slice(0, 16).replace("T", " ")} UTC. ${head.processor}, ${head.cores} cores, ${head.memoryGib} GiB, ${head.system}, load ${head.load.join(" ")}.`,
);
console.log(
  `Node ${head.node}, ${Object.entries(head.versions)
    .map(([name, version]) => `${name} ${version}`)
    .join(", ")}.${isLinux ? "" : " Only on Linux is it known whether the machine is quiet."}\n`,
);

execFileSync("npm", ["run", "--silent", "build"], { cwd: OURS, stdio: "inherit" });
const older = values.against === undefined ? undefined : await buildOlder(values.against);
const peers = values.peers ? await installPeers() : undefined;
const report = createReport(head);
report.begin();
/** One that fails does not keep the others from being measured. */
async function measure(/** @type {string} */ name) {
  const end = beginEndings();
  try {
    await measures[name]?.({ report, older, peers });
  } catch (error) {
    report.skip(name, error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  } finally {
    end();
  }
}
for (const name of names) {
  if (isLate()) report.skip(name, "the time was over");
  else await measure(name);
}
if (values.json !== undefined) report.write(values.json);
process.exit();
