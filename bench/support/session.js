import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { spawn } from "@lydell/node-pty";

const program = fileURLToPath(new URL("../../bin/ai-chat.js", import.meta.url));

/**
 * The built session in a pseudo-terminal, with a home folder of its own.
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
  /** @type {Promise<void>} */
  const exited = new Promise((resolve) => pty.onExit(() => resolve()));
  const stat = async () => {
    const text = await readFile(`/proc/${pty.pid}/stat`, "utf8");
    return text.slice(text.lastIndexOf(")") + 2).split(" ");
  };

  return {
    /** What it has written to the terminal so far. */
    bytes: () => bytes,
    /** CPU in milliseconds, user and system. Linux: proc(5), fields 14 and 15 of stat, in 1/100 s. */
    async cpu() {
      const fields = await stat();
      return (Number(fields[11]) + Number(fields[12])) * 10;
    },
    /** Memory that is in use, in MiB. */
    async memory() {
      const status = await readFile(`/proc/${pty.pid}/status`, "utf8");
      return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024;
    },
    /** Types, and waits until what comes afterwards has the words. */
    async type(/** @type {string} */ keys, /** @type {string} */ words) {
      recent = "";
      pty.write(keys);
      await this.sees(words);
    },
    /** Waits until what was written lately has the words. */
    sees(/** @type {string} */ words) {
      return new Promise((/** @type {(value?: undefined) => void} */ resolve) => {
        const look = () => {
          if (!recent.includes(words)) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      });
    },
    async leave() {
      pty.write("\u0003\u0004");
      await exited;
    },
  };
}
