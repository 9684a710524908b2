// What a session costs: bytes and CPU of a streamed word early and late in a long answer, the time from a key to the
// screen in a new conversation and in one of 2,000 turns, CPU while nothing happens, memory after 2,000 questions.
// One run; read the ratios, the times are this machine's. Linux only: it reads /proc.
//   node bench/session.js [questions for the memory, default 2000]
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { startChatServer } from "./support/chat-server.js";
import { saveConversation } from "./support/conversation.js";
import { openSession } from "./support/session.js";

const asked = Number(process.argv[2] ?? 2000);
const WORDS = 10;
const WINDOW = 60;
const PACE_MS = 8;
const KEYS = 60;

const median = (/** @type {number[]} */ values) =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? NaN;
const times = (/** @type {number} */ ratio) => `${ratio.toFixed(2)}x`;

const home = await mkdtemp(join(tmpdir(), "ai-chat-bench-"));
/** @type {ReturnType<typeof openSession> | undefined} */
let session;
/** @type {{ bytes: number, cpu: number }[]} */
const windows = [];

/** One answer: words a few milliseconds apart in the two windows that are measured, everything else at once. */
async function longAnswer(/** @type {(text: string) => void} */ delta) {
  const fast = (/** @type {number} */ lines) => delta(`${"word ".repeat(WORDS)}\n\n`.repeat(lines));
  const measured = async () => {
    if (session === undefined) return;
    await sleep(1000);
    const [bytes, cpu] = [session.bytes(), await session.cpu()];
    for (let line = 0; line < WINDOW; line++) {
      for (let word = 0; word < WORDS; word++) {
        delta(word === WORDS - 1 ? "word\n\n" : "word ");
        await sleep(PACE_MS);
      }
    }
    await sleep(200);
    windows.push({ bytes: session.bytes() - bytes, cpu: (await session.cpu()) - cpu });
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
 * Milliseconds from a key to the write that shows it, in each of the sessions, by turns.
 * @param {ReturnType<typeof openSession>[]} opened
 */
async function keyTimes(opened) {
  await sleep(1500);
  const found = opened.map(() => /** @type {number[]} */ ([]));
  for (let i = 0; i < KEYS; i++) {
    const key = String.fromCharCode(97 + (i % 26));
    for (const [at, one] of opened.entries()) {
      const begun = performance.now();
      await one.type(key, key);
      found[at]?.push(performance.now() - begun);
      await sleep(100);
    }
  }
  return found.map(median);
}

const server = await startChatServer((delta, message) => {
  if (message === "long") return longAnswer(delta);
  delta("A short answer.");
});
const ready = "1,000,000 tokens";
const args = ["-s", server.url, "--no-save"];

session = openSession(home, args);
await session.sees(ready);
await session.type("long\r", "999,999 left");
await session.leave();
const [early, late] = windows;
const words = WINDOW * WORDS;
console.log(`A streamed word, ${words} of them ${PACE_MS} ms apart, 80x24`);
if (early !== undefined && late !== undefined) {
  console.log(
    `at the 100th line     ${(early.bytes / words).toFixed(0)} bytes  ${(early.cpu / words).toFixed(2)} ms CPU`,
  );
  console.log(
    `at the 5,000th line   ${(late.bytes / words).toFixed(0)} bytes (${times(late.bytes / early.bytes)})  ${(late.cpu / words).toFixed(2)} ms CPU (${times(late.cpu / early.cpu)})`,
  );
}

const other = openSession(home, args);
await other.sees(ready);
const id = await saveConversation(join(home, "data", "ai-chat", "conversations"), {
  turns: 2000,
  server: server.url,
});
const begun = performance.now();
session = openSession(home, ["-r", id]);
await session.sees("Going on with");
const opening = performance.now() - begun;
const [fresh = NaN, long = NaN] = await keyTimes([other, session]);
await other.leave();
console.log(`\nA key until it is on the screen, median of ${KEYS}`);
console.log(`new conversation      ${fresh.toFixed(1)} ms`);
console.log(
  `one of 2,000 turns    ${long.toFixed(1)} ms (${times(long / fresh)}), opened in ${(opening / 1000).toFixed(2)} s`,
);

await sleep(3000);
const before = await session.cpu();
await sleep(10_000);
console.log(`\nCPU while nothing happens: ${((await session.cpu()) - before) / 10} ms a second`);
await session.leave();

session = openSession(home, args);
await session.sees(ready);
const ask = async (/** @type {number} */ count) => {
  for (let i = 0; i < count; i++) await session?.type("short\r", " left");
};
await ask(20);
const few = await session.memory();
await ask(asked - 20);
const many = await session.memory();
console.log(
  `\nMemory after 20 questions ${few.toFixed(0)} MiB, after ${asked.toLocaleString("en")} ${many.toFixed(0)} MiB (${times(many / few)})`,
);
await session.leave();
server.stop();
await rm(home, { recursive: true, force: true });
