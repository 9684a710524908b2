import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { spawn } from "@lydell/node-pty";
import xterm from "@xterm/headless";

const PROGRAM = fileURLToPath(new URL("../../bin/ai-chat.js", import.meta.url));
const PATIENCE_MS = 60_000;
const LONGEST_END_MS = 10_000;
/** After that many milliseconds without output the screen is complete. */
const QUIET_MS = 200;

/** `rgb:` with four digits each, as a terminal says a colour. */
const told = (/** @type {string} */ color) =>
  `rgb:${(color.match(/\w\w/g) ?? []).map((part) => part + part).join("/")}`;

/**
 * The built session in a terminal emulator, which replies to what is asked, the colours of its background included.
 * @param {{ env: Record<string, string>, columns: number, rows: number, args?: string[], background: import("./backgrounds.js").Background }} options
 */
export function openTerminal({ env, columns, rows, args = [], background }) {
  const term = new xterm.Terminal({ cols: columns, rows, scrollback: 1000, allowProposedApi: true });
  term.parser.registerOscHandler(10, () => reply(10, background.text));
  term.parser.registerOscHandler(11, () => reply(11, background.back));
  term.write("\u001b[2m$\u001b[0m ai-chat\r\n");
  const pty = spawn(process.execPath, [PROGRAM, "chat", "-s", "local", ...args], {
    cols: columns,
    rows,
    env: { ...env, TERM: "xterm-256color" },
  });
  const reply = (/** @type {number} */ code, /** @type {string} */ color) => {
    pty.write(`\u001b]${code};${told(color)}\u001b\\`);
    return true;
  };
  let last = performance.now();
  pty.onData((data) => {
    last = performance.now();
    term.write(data);
  });
  term.onData((data) => pty.write(data));
  const exited = new Promise((/** @type {(value?: undefined) => void} */ resolve) =>
    pty.onExit(() => resolve()),
  );

  const text = () => {
    const { active } = term.buffer;
    return Array.from(
      { length: active.length },
      (_, y) => active.getLine(y)?.translateToString(true) ?? "",
    ).join("\n");
  };

  return {
    term,
    /** Waits until the screen has the words. */
    async shows(/** @type {string} */ words) {
      const end = performance.now() + PATIENCE_MS;
      while (!text().includes(words)) {
        if (performance.now() > end) throw new Error(`It never showed "${words}", but\n${text()}`);
        await sleep(10);
      }
    },
    /** Types, and waits until the screen has the words. */
    async type(/** @type {string} */ keys, words = "") {
      pty.write(keys);
      await this.shows(words);
    },
    /** Waits until nothing is written any more; what moves is let go on for a second. */
    async calm() {
      const end = performance.now() + 1_000;
      while (performance.now() - last < QUIET_MS && performance.now() < end) await sleep(20);
      await new Promise((/** @type {(value?: undefined) => void} */ resolve) => term.write("", resolve));
    },
    /** Leaves, so that no draft is kept; kills what does not end. */
    async end() {
      pty.write("\u0003\u0004");
      const timer = setTimeout(() => pty.kill("SIGKILL"), LONGEST_END_MS);
      await exited;
      clearTimeout(timer);
    },
  };
}
