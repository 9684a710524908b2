// How large a ledger becomes, before and after a compaction, and the CPU of a start on it (docs/backup.md#sizes-on-paper).
//   node bench/ledger-size.js [PEOPLE DAYS QUESTIONS]…
// QUESTIONS: of each on each day. Without numbers: a class of 30 in a school year.
import { execFileSync } from "node:child_process";
import { randomBytes, randomUUID } from "node:crypto";
import { once } from "node:events";
import { createWriteStream, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { finished } from "node:stream/promises";
import { crc32 } from "node:zlib";
import { newFolder } from "./support/endings.js";
import { newAccounts } from "./support/load.js";
import { familyCpu } from "./support/machine.js";
import { OURS, startServer, startUpstream } from "./support/programs.js";

const DAY = 86_400_000;
const MiB = 1024 * 1024;

/** Bytes that a question adds, plain and with a key, as a server writes them. @param {string} upstream */
async function bytesOfQuestions(upstream) {
  const data = newFolder();
  const server = await startServer(upstream, { data });
  const [head] = await newAccounts(server.url, 1);
  const size = () => statSync(join(data, "ledger.jsonl")).size;
  /** @param {Record<string, string>} more */
  const ask = async (more) => {
    const before = size();
    const headers = { "content-type": "application/json", ...head, ...more };
    const body = JSON.stringify({ message: "How long is a line?" });
    const { status } = await fetch(`${server.url}/api/chat/`, { method: "POST", headers, body });
    if (status !== 200) throw new Error(`It answered ${status}.`);
    return size() - before;
  };
  const sizes = { plain: await ask({}), keyed: await ask({ "idempotency-key": randomUUID() }) };
  await server.stop();
  return sizes;
}

/**
 * A folder in which so many people have asked so often on each of the last days, with a key each time, and got a grant
 * every 30 days; in the format of docs/ledger.md#file-format.
 * @param {{ people: number, days: number, questions: number }} use
 */
async function folderWith({ people, days, questions }) {
  const path = newFolder();
  const file = createWriteStream(join(path, "ledger.jsonl"), { mode: 0o600 });
  let [n, crc, text] = [-1, 0, ""];
  /** @param {Record<string, unknown>} fields */
  const add = (fields) => {
    const body = JSON.stringify(fields).slice(0, -1);
    crc = crc32(body, crc);
    n += 1;
    text += `${body},"crc":"${crc.toString(16).padStart(8, "0")}"}\n`;
  };
  const flush = async () => {
    if (!file.write(text)) await once(file, "drain");
    text = "";
  };
  const end = Math.floor(Date.now() / DAY) * DAY;
  const timeOf = (/** @type {number} */ day) => new Date(end - (days - day) * DAY).toISOString();
  add({ format: "ai-chat-ledger", version: 2, ledger: randomUUID(), at: timeOf(0) });
  add({ n: n + 1, at: timeOf(0), fact: "feature", feature: "models" });
  const hash = `$2b$12$${"x".repeat(53)}`;
  const accounts = Array.from({ length: people }, (_, i) => ({
    whose: { account: randomBytes(8).toString("hex"), name: `user${String(i).padStart(4, "0")}` },
    balance: 10_000_000,
  }));
  for (const { whose, balance } of accounts)
    add({
      n: n + 1,
      at: timeOf(0),
      fact: "account",
      ...whose,
      hash,
      generation: 1,
      tokens: balance,
      balance,
    });
  for (let day = 1; day <= days; day += 1)
    for (const account of accounts) {
      const { whose } = account;
      const at = timeOf(day);
      if (day % 30 === 0) {
        account.balance += 4000;
        const id = `month-${day / 30}-${whose.name}`;
        add({
          n: n + 1,
          at,
          fact: "grant",
          ...whose,
          id,
          tokens: 4000,
          reason: "",
          balance: account.balance,
        });
      }
      for (let i = 0; i < questions; i += 1) {
        account.balance -= 100;
        const sums = { key: randomBytes(32).toString("hex"), digest: randomBytes(32).toString("hex") };
        const asked = { id: randomUUID(), tokens: -100, model: "bench", ...sums };
        add({ n: n + 1, at, fact: "charge", ...whose, ...asked, balance: account.balance });
      }
      if (text.length > MiB) await flush();
    }
  await flush();
  file.end();
  await finished(file);
  return path;
}

/** Seconds of CPU until the server answers. @param {string} upstream @param {string} data */
async function startOn(upstream, data) {
  const server = await startServer(upstream, { data });
  const seconds = familyCpu(server.pid) / 1000;
  await server.stop();
  return seconds;
}

/** @param {string} upstream @param {string} data */
async function measure(upstream, data) {
  const size = statSync(join(data, "ledger.jsonl")).size;
  rmSync(join(data, "accounts.json"), { force: true });
  const without = await startOn(upstream, data);
  return { size, without, withCheckpoint: await startOn(upstream, data) };
}

const numbers = process.argv.slice(2).map(Number);
const cases = numbers.length > 0 ? [] : [{ people: 30, days: 200, questions: 10 }];
for (let i = 0; i + 2 < numbers.length; i += 3) {
  const [people = 0, days = 0, questions = 0] = numbers.slice(i, i + 3);
  cases.push({ people, days, questions });
}
const upstream = await startUpstream();
const { plain, keyed } = await bytesOfQuestions(upstream.url);
console.log(`a question: ${plain} bytes, with a key ${keyed} bytes`);
for (const use of cases) {
  const data = await folderWith(use);
  const before = await measure(upstream.url, data);
  execFileSync(process.execPath, [join(OURS, "bin/ai-chat.js"), "store", "compact", data]);
  const after = await measure(upstream.url, data);
  console.log(`${use.people} people, ${use.days} days, ${use.questions} questions a day each`);
  for (const [name, { size, without, withCheckpoint }] of Object.entries({ before, after }))
    console.log(
      `  ${name.padEnd(6)}  ${(size / MiB).toFixed(1)} MiB; CPU of a start ${withCheckpoint.toFixed(1)} s, without accounts.json ${without.toFixed(1)} s`,
    );
  rmSync(data, { recursive: true });
}
await upstream.stop();
