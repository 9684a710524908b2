import { once } from "node:events";
import { createServer } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** Longest wait for a program that begins, and for one without work to close what the work opened. */
const PATIENCE_MS = 60_000;

const pause = (/** @type {number} */ ms) => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * What a process takes after gc. Sizes in bytes; `handles` counts what keeps its event loop running, by kind; `files` are
 * its open files, where the system tells.
 * @typedef {{ rss: number, heap: number, external: number, handles: Record<string, number>, files?: number }} Measured
 */

/**
 * Measures a program of Node from outside. It has to be started with `execArgv` before its file, and with `env`; of
 * several, the last one that was started is measured.
 * @param {string} folder where its socket is
 */
export async function openGauge(folder) {
  const path = join(folder, "gauge.sock");
  const server = createServer();
  /** @type {import("node:net").Socket | undefined} */
  let last;
  /** @type {import("node:readline").Interface | undefined} */
  let lines;
  server.on("connection", (socket) => {
    socket.on("error", () => {});
    last = socket;
    lines = createInterface({ input: socket });
  });
  server.listen(path);
  await once(server, "listening");
  return {
    execArgv: ["--expose-gc", "--import", new URL("./measured.js", import.meta.url).href],
    env: { AI_CHAT_TEST_GAUGE: path },
    /** @returns {Promise<Measured>} */
    async measure() {
      if (!last || last.destroyed)
        await once(server, "connection", { signal: AbortSignal.timeout(PATIENCE_MS) });
      if (!last || !lines) throw new Error("nothing has connected");
      const ended = new AbortController();
      const end = () => ended.abort(new Error("it ended while it was measured"));
      last.once("close", end);
      try {
        const answered = once(lines, "line", { signal: ended.signal });
        last.write("measure\n");
        const [line] = await answered;
        return JSON.parse(line);
      } finally {
        last.off("close", end);
      }
    },
    close() {
      last?.destroy();
      server.close();
    },
  };
}

/** @typedef {Awaited<ReturnType<typeof openGauge>>} Gauge */

/**
 * What is open without work that was not open before the load, apart from connections, of which none may be left.
 * @param {Gauge} gauge @param {Measured} before
 */
export async function leftOpen(gauge, before) {
  const { TCPSocketWrap: sockets = 0, ...kinds } = before.handles;
  const files = (before.files ?? NaN) - sockets;
  const look = async () => {
    const now = await gauge.measure();
    const found = Object.entries(now.handles).flatMap(([kind, count]) =>
      count > (kinds[kind] ?? 0) ? [`${count} ${kind} are open, not ${kinds[kind] ?? 0}`] : [],
    );
    if (now.files !== undefined && now.files > files) found.push(`${now.files} files are open, not ${files}`);
    return found;
  };
  const end = Date.now() + PATIENCE_MS;
  let found = await look();
  while (found.length > 0 && Date.now() < end) {
    await pause(100);
    found = await look();
  }
  return found;
}

/** @param {Measured} measured */
export const said = ({ rss, heap, handles, files }) =>
  `${mib(rss)} MiB after gc, heap ${mib(heap)} MiB, ${files ?? "?"} files, ${JSON.stringify(handles)}`;

const mib = (/** @type {number} */ bytes) => (bytes / 2 ** 20).toFixed(1);
