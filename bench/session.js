// A session: bytes and CPU of a streamed word at the 5,000th line of an answer beside the 100th, and the time from a key to
// the screen in a conversation of 2,000 turns beside a new one. Linux only: it reads /proc.
//   npm run bench -- session
import { setTimeout as sleep } from "node:timers/promises";
import { startChatServer } from "./support/chat-server.js";
import { saveConversation } from "./support/conversation.js";
import { newFolder } from "./support/endings.js";
import { countCpu, isLinux } from "./support/machine.js";
import { inRounds, quantile } from "./support/rounds.js";
import { openSession } from "./support/session.js";

const WORDS_A_LINE = 10;
const LINES = 15;
const PACE_MS = 8;
const KEYS = 12;
const lines = (/** @type {number} */ count) => `${"word ".repeat(WORDS_A_LINE)}\n\n`.repeat(count);

/** @typedef {(text: string) => void} Delta */

/** A session in the middle of an answer that has that many lines; `turn` goes on with it for a while. */
async function answering(/** @type {number} */ length) {
  /** @type {{ resolve?: (delta: Delta) => void }} */
  const asked = {};
  const begun = new Promise((/** @type {(delta: Delta) => void} */ resolve) => (asked.resolve = resolve));
  const server = await startChatServer((delta) => {
    asked.resolve?.(delta);
    return new Promise(() => {});
  });
  const session = openSession(newFolder(), ["-s", server.url, "--no-save"]);
  await session.sees(" left");
  session.write("long\r");
  const delta = await begun;
  for (let line = 0; line < length; line += 100) {
    delta(lines(100));
    await sleep(20);
  }
  await sleep(1000);
  return {
    async turn() {
      const [cpu, bytes] = [countCpu(session.pid), session.bytes()];
      for (let word = 1; word <= LINES * WORDS_A_LINE; word++) {
        delta(word % WORDS_A_LINE === 0 ? "word\n\n" : "word ");
        await sleep(PACE_MS);
      }
      await sleep(200);
      return { cpu: cpu(), bytes: session.bytes() - bytes };
    },
    end: () => session.kill(),
  };
}

/** A session that goes on with a conversation of that many turns; `turn` types some keys. */
async function conversing(/** @type {number} */ turns, /** @type {string} */ server) {
  const home = newFolder();
  const id = await saveConversation(home, { turns, server });
  const session = openSession(home, ["-s", server, "-r", id]);
  await session.sees("Going on with");
  return {
    async turn() {
      const times = [];
      for (let i = 0; i < KEYS; i++) {
        // Longer than the frame interval, and not a multiple of it.
        await sleep(100 + (i % 7));
        const key = String.fromCharCode(97 + (i % 26));
        const begun = performance.now();
        await session.type(key, key);
        times.push(performance.now() - begun);
      }
      return { ms: quantile(times, 0.5) };
    },
  };
}

/** @type {import("./run.js").Measure} */
export async function session({ report }) {
  if (!isLinux) return report.skip("session", "it is read from /proc");
  const [early, late] = [await answering(100), await answering(5000)];
  const words = await inRounds({ early: () => early.turn(), late: () => late.turn() }, { seconds: 70 });
  const part = (/** @type {"cpu" | "bytes"} */ of) => (/** @type {any} */ r) => r.late[of] / r.early[of];
  const beside = "100th line";
  report.add({ name: "bytes of a streamed word at the 5,000th line", beside }, words, part("bytes"));
  report.add({ name: "CPU of a streamed word at the 5,000th line", beside }, words, part("cpu"));
  await Promise.all([early.end(), late.end()]);

  const server = await startChatServer((delta) =>
    delta(`It is **so**.\n\n${"Some more words of it. ".repeat(20)}`),
  );
  const [few, many] = [await conversing(1, server.url), await conversing(2000, server.url)];
  const keys = await inRounds(
    { few: () => few.turn(), many: () => many.turn() },
    { rounds: 11, seconds: 60 },
  );
  report.add(
    { name: "a key until it is on the screen, 2,000 turns", beside: "1 turn" },
    keys,
    (r) => r.many.ms / r.few.ms,
  );
}
