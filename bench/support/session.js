import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { spawn } from "@lydell/node-pty";

const PATIENCE_MS = 120_000;
const program = fileURLToPath(new URL("../../bin/ai-chat.js", import.meta.url));

/**
 * The built session in a pseudo-terminal, with a separate home folder.
 * @param {string} home
 * @param {string[]} argv
 * @param {{ columns?: number, rows?: number, onData?: (data: string) => void, env?: Record<string, string> }} [options]
 */
export function openSession(home, argv, { columns = 80, rows = 24, onData = () => {}, env = {} } = {}) {
  const pty = spawn(process.execPath, [program, "chat", ...argv], {
    cols: columns,
    rows,
    env: {
      PATH: process.env.PATH ?? "",
      HOME: home,
      XDG_CONFIG_HOME: join(home, "config"),
      XDG_DATA_HOME: join(home, "data"),
      XDG_STATE_HOME: join(home, "state"),
      LANG: "C.UTF-8",
      TERM: "xterm-256color",
      AI_CHAT_TOKEN: "bench",
      ...env,
    },
  });
  let bytes = 0;
  let recent = "";
  /** @type {Set<() => void>} */
  const waiting = new Set();
  pty.onData((data) => {
    onData(data);
    bytes += Buffer.byteLength(data);
    recent = (recent + data).slice(-20_000);
    for (const look of waiting) look();
  });
  let isOver = false;
  /** @type {Promise<void>} */
  const exited = new Promise((resolve) =>
    pty.onExit(() => {
      isOver = true;
      resolve();
    }),
  );
  const stat = async () => {
    const text = await readFile(`/proc/${pty.pid}/stat`, "utf8");
    return text.slice(text.lastIndexOf(")") + 2).split(" ");
  };

  return {
    /** Number of bytes written to the terminal so far. */
    bytes: () => bytes,
    /** CPU in milliseconds, user and system. Linux: proc(5), fields 14 and 15 of stat, in 1/100 s. */
    async cpu() {
      const fields = await stat();
      return (Number(fields[11]) + Number(fields[12])) * 10;
    },
    /** Number of voluntary context switches of all threads. Linux: proc(5). */
    async wakeups() {
      const threads = await readdir(`/proc/${pty.pid}/task`);
      const counts = threads.map(async (thread) => {
        const status = await readFile(`/proc/${pty.pid}/task/${thread}/status`, "utf8");
        return Number(/\nvoluntary_ctxt_switches:\s+(\d+)/.exec(status)?.[1]);
      });
      return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
    },
    /** Memory in use, in MiB. */
    async memory() {
      const status = await readFile(`/proc/${pty.pid}/status`, "utf8");
      return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024;
    },
    /** Types, and waits until the output afterwards has the words. */
    async type(/** @type {string} */ keys, /** @type {string} */ words) {
      recent = "";
      pty.write(keys);
      await this.sees(words);
    },
    /** Waits until the recent output has the words; rejects after two minutes. */
    sees(/** @type {string} */ words) {
      return new Promise((/** @type {(value?: undefined) => void} */ resolve, reject) => {
        const look = () => {
          if (!recent.includes(words)) return;
          waiting.delete(look);
          clearTimeout(timer);
          resolve();
        };
        const timer = setTimeout(
          () => reject(new Error(`It never showed ${JSON.stringify(words)}, but\n${recent.slice(-2000)}`)),
          PATIENCE_MS,
        );
        waiting.add(look);
        look();
      });
    },
    async leave() {
      pty.write("\u0003\u0004");
      await exited;
    },
    /** Kills it if it still runs. */
    end() {
      if (!isOver) pty.kill("SIGKILL");
    },
  };
}
