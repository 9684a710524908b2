import { readFileSync } from "node:fs";
import { spawn } from "@lydell/node-pty";
import xterm from "@xterm/headless";

/** Longest wait for anything, on a busy machine. */
const PATIENCE_MS = 120_000;
/** Time after which the words that continue a job are typed again. */
const AGAIN_MS = 2_000;
const SHOWN = 3_000;

const pause = (/** @type {number} */ ms) => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * A shell with job control in a terminal that answers queries and keeps a title. Linux only: it reads /proc.
 * @param {Record<string, string>} env
 */
export function openShell(env) {
  const size = { cols: 80, rows: 24 };
  const term = new xterm.Terminal({ ...size, scrollback: 100, allowProposedApi: true, logLevel: "off" });
  const pty = spawn("/bin/sh", ["-i"], { ...size, env: { TERM: "xterm-256color", PS1: "$ ", ...env } });
  let title = "";
  let recent = "";
  let isOver = false;
  pty.onData((data) => {
    recent = (recent + data).slice(-SHOWN);
    term.write(data);
  });
  pty.onExit(() => (isOver = true));
  term.onData((data) => pty.write(data));
  term.onTitleChange((text) => (title = text));

  /** Waits until it is true. @param {string} what @param {() => boolean} isTrue */
  async function until(what, isTrue, patience = PATIENCE_MS) {
    const end = Date.now() + patience;
    while (!isTrue()) {
      if (isOver || Date.now() > end) throw new Error(`${what} never came, but\n${JSON.stringify(recent)}`);
      await pause(10);
    }
  }

  /** The process id of the shell's job. */
  function job() {
    const children = readFileSync(`/proc/${pty.pid}/task/${pty.pid}/children`, "utf8");
    const pid = Number(children.split(" ")[0]);
    return pid > 0 ? pid : undefined;
  }

  /** Whether it is stopped, by proc(5). @param {number} pid */
  function isStopped(pid) {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2, stat.lastIndexOf(")") + 3) === "T";
  }

  return {
    job,
    isStopped,
    until,
    type: (/** @type {string} */ keys) => pty.write(keys),
    title: () => title,
    /** The last output. */
    recent: () => recent,
    /** Runs a command, and waits until the output has the words. */
    async run(/** @type {string} */ command, /** @type {string} */ words) {
      recent = "";
      pty.write(`${command}\n`);
      await until(words, () => recent.includes(words));
    },
    /**
     * Brings the stopped job back, and waits until its output has the words. The shell may have been typed replies to the
     * job's queries.
     */
    async resume(/** @type {string} */ words) {
      const pid = job();
      if (pid === undefined) throw new Error("there is no job");
      recent = "";
      while (isStopped(pid)) {
        pty.write("\nfg\n");
        await until("fg", () => !isStopped(pid), AGAIN_MS).catch(() => {});
      }
      await until(words, () => recent.includes(words));
    },
    resize(/** @type {number} */ columns, /** @type {number} */ rows) {
      term.resize(columns, rows);
      pty.resize(columns, rows);
    },
    close() {
      if (!isOver) pty.kill("SIGKILL");
      term.dispose();
    },
  };
}
