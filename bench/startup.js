// Measures startup times: the client's commands against an empty Node program, and the server with 10 and 100,000
// accounts, from its checkpoint and from the ledger only. One run; compare the ratios, not the times.
//   node bench/startup.js [runs, default 7]
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { folderWith } from "./support/folder.js";
import { startServer, startUpstream } from "./support/programs.js";

const runs = Number(process.argv[2] ?? 7);
const program = fileURLToPath(new URL("../bin/ai-chat.js", import.meta.url));
const median = (/** @type {number[]} */ values) =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? NaN;

/** A server that returns a balance at once; a separate process, because this one blocks while a command runs. */
const teller = spawn(
  process.execPath,
  [
    "-e",
    `const server = require("node:http").createServer((_, reply) => reply.end('{"tokens":3900}'));
     server.listen(0, "127.0.0.1", () => console.log(server.address().port));`,
  ],
  { stdio: ["ignore", "pipe", "inherit"] },
);
const [port] = await once(teller.stdout, "data");
const env = { ...process.env, AI_CHAT_TOKEN: "token" };
const node =
  (/** @type {string[]} */ ...argv) =>
  () =>
    void spawnSync(process.execPath, argv, { stdio: "ignore", env });
/** @type {Record<string, () => void>} */
const commands = {
  "node -e 0": node("-e", "0"),
  "ai-chat --version": node(program, "--version"),
  "ai-chat --help": node(program, "--help"),
  "ai-chat config path": node(program, "config", "path"),
  "ai-chat balance -q": node(program, "balance", "-q", "-s", `http://127.0.0.1:${String(port).trim()}`),
};
/** @type {Map<string, number[]>} */
const times = new Map(Object.keys(commands).map((name) => [name, []]));
for (let run = 0; run <= runs; run++) {
  for (const [name, command] of Object.entries(commands)) {
    const begun = performance.now();
    command();
    if (run > 0) times.get(name)?.push(performance.now() - begun);
  }
}
teller.kill();
const empty = median(times.get("node -e 0") ?? []);
console.log(`Start-up, median of ${runs} runs`);
for (const [name, ms] of times)
  console.log(`${name.padEnd(34)} ${(median(ms) / empty).toFixed(2).padStart(7)}x an empty Node program`);

const upstream = await startUpstream();
/** Milliseconds from the start of the process to its address. @param {string} data */
async function serverStart(data) {
  const begun = performance.now();
  const server = await startServer(data, upstream.url);
  const ms = performance.now() - begun;
  await server.stop();
  return ms;
}
const few = await folderWith(10);
const many = await folderWith(100_000);
/** @type {Record<string, number[]>} */
const starts = {
  "10 accounts": [],
  "100,000 accounts, checkpoint": [],
  "100,000 accounts, ledger alone": [],
};
for (let run = 0; run < Math.min(3, runs); run++) {
  starts["10 accounts"]?.push(await serverStart(few.path));
  starts["100,000 accounts, checkpoint"]?.push(await serverStart(many.path));
  await rm(join(many.path, "accounts.json"));
  starts["100,000 accounts, ledger alone"]?.push(await serverStart(many.path));
}
for (const [name, ms] of Object.entries(starts)) {
  console.log(
    `${`serve, ${name}`.padEnd(38)} ${(median(ms) / 1000).toFixed(2)} s, ${(median(ms) / median(starts["10 accounts"] ?? [])).toFixed(1)}x ten accounts`,
  );
}
await upstream.stop();
await few.remove();
await many.remove();
