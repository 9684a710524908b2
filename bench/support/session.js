import { join } from "node:path";
import { spawn } from "@lydell/node-pty";
import { atEnd } from "./endings.js";
import { OURS } from "./programs.js";

const PATIENCE_MS = 120_000;

/** The environment of a program with its own home folder, and a login that the bench's servers take. */
export const environmentOf = (/** @type {string} */ home) => ({
  PATH: process.env.PATH ?? "",
  HOME: home,
  XDG_CONFIG_HOME: join(home, "config"),
  XDG_DATA_HOME: join(home, "data"),
  XDG_STATE_HOME: join(home, "state"),
  LANG: "C.UTF-8",
  TERM: "xterm-256color",
  AI_CHAT_TOKEN: "bench",
});

/**
 * The built session in a pseudo-terminal.
 * @param {string} home
 * @param {string[]} argv
 * @param {{ root?: string, columns?: number, rows?: number, onData?: (data: string) => void, env?: Record<string, string> }} [options]
 *   `root` is the folder of another build
 */
export function openSession(home, argv, options = {}) {
  const { root = OURS, columns = 80, rows = 24, onData = () => {}, env = environmentOf(home) } = options;
  const pty = spawn(process.execPath, [join(root, "bin/ai-chat.js"), "chat", ...argv], {
    cols: columns,
    rows,
    env,
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
  const end = () => {
    if (!isOver) pty.kill("SIGKILL");
  };
  atEnd(end);

  return {
    pid: pty.pid,
    /** Number of bytes written to the terminal so far. */
    bytes: () => bytes,
    /** Types, and waits for nothing. */
    write: (/** @type {string} */ keys) => pty.write(keys),
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
    /** Ends it; resolves when it is over. */
    async leave() {
      pty.write("\u0003\u0004");
      await exited;
    },
    /** Kills it. */
    async kill() {
      end();
      await exited;
    },
  };
}
