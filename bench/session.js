// Measures a session: bytes and CPU of a streamed word early and late in a long answer, the time from a key to the
// screen in a new conversation and in one of 2,000 turns, the CPU and wakeups while idle, and the memory after 2,000
// questions. One run; compare the ratios, not the times. Linux only: it reads /proc.
//   node bench/session.js [questions for the memory, default 2000]
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { startChatServer } from "./support/chat-server.js";
import { saveConversation } from "./support/conversation.js";
import { openSession } from "./support/session.js";

/** @typedef {ReturnType<typeof openSession>} Session */

const asked = Number(process.argv[2] ?? 2000);
const WORDS = 10;
const WINDOW = 60;
const PACE_MS = 8;
const KEYS = 100;
const IDLE_SECONDS = 20;
const READY = "tokens · ";

const times = (/** @type {number} */ ratio) => `${ratio.toFixed(2)}x`;
/** The quantile of the values for a part from 0 to 1. */
const quantile = (/** @type {number[]} */ values, /** @type {number} */ part) =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length * part)] ?? NaN;

/** @type {Session | undefined} */
let streaming;
/** @type {{ bytes: number, cpu: number }[]} */
const windows = [];

/** One answer: in the two measured windows words come a few milliseconds apart, everything else comes at once. */
async function longAnswer(/** @type {(text: string) => void} */ delta) {
  const fast = (/** @type {number} */ lines) => delta(`${"word ".repeat(WORDS)}\n\n`.repeat(lines));
  const measured = async () => {
    if (streaming === undefined) return;
    await sleep(1000);
    const [bytes, cpu] = [streaming.bytes(), await streaming.cpu()];
    for (let line = 0; line < WINDOW; line++) {
      for (let word = 0; word < WORDS; word++) {
        delta(word === WORDS - 1 ? "word\n\n" : "word ");
        await sleep(PACE_MS);
      }
    }
    await sleep(200);
    windows.push({ bytes: streaming.bytes() - bytes, cpu: (await streaming.cpu()) - cpu });
  };
  fast(100);
  await measured();
  for (let line = 100 + WINDOW; line < 5000; line += 100) {
    fast(100);
    await sleep(20);
  }
  await sleep(2000);
  await measured();
}

/**
 * Milliseconds from a key to the write that shows it, in each session. The sessions take turns to go first.
 * @param {Session[]} sessions
 */
async function keyTimes(sessions) {
  const found = sessions.map(() => /** @type {number[]} */ ([]));
  for (let i = 0; i < KEYS; i++) {
    const order = [...sessions.entries()];
    for (const [at, session] of i % 2 === 0 ? order : order.toReversed()) {
      // Longer than the frame interval, and not a multiple of it.
      await sleep(100 + (i % 7));
      const key = String.fromCharCode(97 + (i % 26));
      const begun = performance.now();
      await session.type(key, key);
      found[at]?.push(performance.now() - begun);
    }
  }
  return found;
}

const home = await mkdtemp(join(tmpdir(), "ai-chat-bench-"));
const server = await startChatServer((delta, message) => {
  if (message === "long") return longAnswer(delta);
  delta("A short answer.");
});
const args = ["-s", server.url, "--no-save"];
/** @type {Session[]} */
const opened = [];
const open = async (/** @type {string[]} */ argv, words = READY) => {
  const session = openSession(home, argv);
  opened.push(session);
  await session.sees(words);
  return session;
};

async function streamedWord() {
  streaming = await open(args);
  await streaming.type("long\r", "999,999 left");
  await streaming.leave();
  const [early, late] = windows;
  if (early === undefined || late === undefined) throw new Error("nothing was measured");
  const words = WINDOW * WORDS;
  const cpu = (/** @type {number} */ ms) => `${(ms / words).toFixed(2)} ms CPU`;
  const bytes = (/** @type {number} */ count) => `${(count / words).toFixed(0)} bytes`;
  console.log(`A streamed word, ${words} of them ${PACE_MS} ms apart, 80x24`);
  console.log(`at the 100th line     ${bytes(early.bytes)}  ${cpu(early.cpu)}`);
  console.log(
    `at the 5,000th line   ${bytes(late.bytes)} (${times(late.bytes / early.bytes)})  ${cpu(late.cpu)} (${times(late.cpu / early.cpu)})`,
  );
}

async function keysAndQuiet() {
  const dir = join(home, "data", "ai-chat", "conversations");
  const ids = [];
  for (const turns of [1, 2000]) ids.push(await saveConversation(dir, { turns, server: server.url }));
  const sessions = [];
  const seconds = [];
  for (const id of ids) {
    const begun = performance.now();
    sessions.push(await open(["-s", server.url, "-r", id], "Going on with"));
    seconds.push((performance.now() - begun) / 1000);
  }
  const [fresh = [], long = []] = await keyTimes(sessions);
  const line = (/** @type {number[]} */ values) =>
    `${quantile(values, 0.5).toFixed(1)} ms, nine of ten within ${quantile(values, 0.9).toFixed(1)} ms`;
  const ratio = (/** @type {number} */ part) => times(quantile(long, part) / quantile(fresh, part));
  console.log(`\nA key until it is on the screen, median of ${KEYS}`);
  console.log(`conversation of 1 turn        ${line(fresh)}; opened in ${seconds[0]?.toFixed(2)} s`);
  console.log(
    `conversation of 2,000 turns   ${line(long)} (${ratio(0.5)}, ${ratio(0.9)}); opened in ${seconds[1]?.toFixed(2)} s`,
  );
  const session = sessions[1];
  if (session === undefined) return;
  await sleep(3000);
  const before = { cpu: await session.cpu(), wakeups: await session.wakeups(), bytes: session.bytes() };
  await sleep(IDLE_SECONDS * 1000);
  const cpu = (await session.cpu()) - before.cpu;
  const wakeups = (await session.wakeups()) - before.wakeups;
  console.log(
    `\n${IDLE_SECONDS} seconds in which nothing happens: ${cpu} ms CPU, woken ${wakeups} times, ${session.bytes() - before.bytes} bytes written`,
  );
  for (const one of sessions) await one.leave();
}

async function memory() {
  const session = await open(args);
  const ask = async (/** @type {number} */ count) => {
    for (let i = 0; i < count; i++) await session.type("short\r", " left");
  };
  const first = Math.min(50, asked);
  await ask(first);
  const few = await session.memory();
  await ask(asked - first);
  const many = await session.memory();
  console.log(
    `\nMemory after ${first} questions ${few.toFixed(0)} MiB, after ${asked.toLocaleString("en")} ${many.toFixed(0)} MiB (${times(many / few)})`,
  );
  await session.leave();
}

try {
  await streamedWord();
  await keysAndQuiet();
  await memory();
} finally {
  for (const session of opened) session.end();
  server.stop();
  await rm(home, { recursive: true, force: true });
}
