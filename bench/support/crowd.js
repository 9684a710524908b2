import { connect } from "node:net";

const NANOSECONDS = 1e6;
const now = () => Number(process.hrtime.bigint()) / NANOSECONDS;

/**
 * Opens that many paced streams (bench/support/upstream.js), a few at a time, and reads them with as little CPU as
 * possible. Resolves when all have begun.
 * @param {string} url
 * @param {{ count: number, deltas: number, heads?: Record<string, string>[] }} options `deltas` of each stream
 */
export async function openCrowd(url, { count, deltas, heads = [{}] }) {
  const body = JSON.stringify({ message: `pace ${deltas}` });
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
        for (const [, sent] of String(text).matchAll(/@(\d+) /g))
          window.lags.push(at - Number(sent) / NANOSECONDS);
      });
    });

  const BATCH = 20;
  for (let first = 0; first < count; first += BATCH)
    await Promise.all(Array.from({ length: Math.min(BATCH, count - first) }, (_, i) => open(first + i)));

  return {
    /** The milliseconds from the upstream to here, of each delta until `until` resolves. */
    async lags(/** @type {Promise<unknown>} */ until) {
      const mine = { lags: /** @type {number[]} */ ([]) };
      window = mine;
      await until;
      window = undefined;
      return mine.lags;
    },
    /** Resolves when all streams have ended. */
    over: async () => void (await Promise.all(ends)),
  };
}
