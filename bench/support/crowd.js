import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

const NANOSECONDS = 1e6;
const BATCH = 50;
const PATIENCE_MS = 30_000;
/** The forwarder's deltas and the server's, whose last event has the whole answer. */
const DELTA = /"(?:content|text)":"@(\d+) /g;
const now = () => Number(process.hrtime.bigint()) / NANOSECONDS;

/**
 * Opens that many streams that can be paced (bench/support/upstream.js), some at a time, and reads them with as little CPU
 * as possible. Resolves when all have begun.
 * @param {string} url
 * @param {{ count: number, heads?: Record<string, string>[] }} options
 */
export async function openCrowd(url, { count, heads = [{}] }) {
  const body = JSON.stringify({ message: "pace" });
  const { hostname, port, host } = new URL(url);
  /** @type {{ lags: number[] } | undefined} */
  let window;
  /** @type {Promise<void>[]} */
  const ends = [];

  const open = (/** @type {number} */ index) =>
    new Promise((/** @type {(value: void) => void} */ begun, failed) => {
      const socket = connect(Number(port), hostname);
      ends.push(new Promise((resolve) => socket.once("close", () => resolve())));
      const lines = Object.entries({
        host,
        accept: "text/event-stream",
        "content-type": "application/json",
        "content-length": String(Buffer.byteLength(body)),
        connection: "close",
        ...heads[index % heads.length],
      }).map(([name, value]) => `${name}: ${value}\r\n`);
      socket.setNoDelay(true).once("error", failed).setEncoding("latin1");
      socket.write(`POST /api/chat/ HTTP/1.1\r\n${lines.join("")}\r\n${body}`);
      socket.once("data", (head) =>
        String(head).startsWith("HTTP/1.1 200 ") ? begun() : failed(new Error(`${url}: ${String(head)}`)),
      );
      socket.on("data", (text) => {
        if (window === undefined) return;
        const at = now();
        for (const [, sent] of String(text).matchAll(DELTA))
          window.lags.push(at - Number(sent) / NANOSECONDS);
      });
    });

  const openAll = async () => {
    for (let first = 0; first < count; first += BATCH)
      await Promise.all(Array.from({ length: Math.min(BATCH, count - first) }, (_, i) => open(first + i)));
  };
  const tooSlow = async () => {
    await sleep(PATIENCE_MS, undefined, { ref: false });
    throw new Error(`${count} streams did not begin within ${PATIENCE_MS / 1000} s`);
  };
  await Promise.race([openAll(), tooSlow()]);

  return {
    /** From now on all streams of the upstream get their deltas; those of every crowd. */
    async pace(/** @type {string} */ upstream) {
      await fetch(`${upstream}/pace`, { method: "POST" });
    },
    /** No more, until `pace` is called again. */
    async still(/** @type {string} */ upstream) {
      await fetch(`${upstream}/still`, { method: "POST" });
    },
    /** The milliseconds from the upstream to here, of each delta until `until` resolves. */
    async lags(/** @type {Promise<unknown>} */ until) {
      const mine = { lags: /** @type {number[]} */ ([]) };
      window = mine;
      await until;
      window = undefined;
      return mine.lags;
    },
    /** Ends the streams at their upstream; resolves when all have ended here. */
    async end(/** @type {string} */ upstream) {
      await fetch(`${upstream}/end`, { method: "POST" });
      await Promise.all(ends);
    },
  };
}
