import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

/** @typedef {{ url: string, pid: number, cpu(): Promise<number>, stop(): Promise<void> }} Program */

const here = (/** @type {string} */ path) => fileURLToPath(new URL(path, import.meta.url));

/** CPU time of a process in milliseconds, user and system. Linux: proc(5), fields 14 and 15 of stat, in 1/100 s. */
async function cpuOf(/** @type {number} */ pid) {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

/**
 * Starts a Node program and waits for the loopback address that it prints.
 * @param {string[]} argv
 * @param {Record<string, string>} [env]
 * @returns {Promise<Program>}
 */
export async function start(argv, env = {}) {
  const child = spawn(process.execPath, argv, {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...env },
  });
  let printed = "";
  const url = await new Promise((resolve, reject) => {
    const look = (/** @type {Buffer} */ chunk) => {
      printed += chunk.toString();
      const found = /http:\/\/127\.0\.0\.1:\d+/.exec(printed)?.[0];
      if (found) resolve(found);
    };
    child.stdout.on("data", look);
    child.stderr.on("data", look);
    child.once("exit", (code) => reject(new Error(`it ended with ${code}:\n${printed}`)));
  });
  const pid = child.pid ?? 0;
  return {
    url,
    pid,
    cpu: () => cpuOf(pid),
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill("SIGTERM");
      await once(child, "exit");
    },
  };
}

/** The upstream that answers at once. */
export const startUpstream = () => start([here("./upstream.js")]);

/** The bare forwarder to an upstream. */
export const startForwarder = (/** @type {string} */ upstream) => start([here("./forwarder.js"), upstream]);

/** The built chat server on a data folder. Questions cost 1 token, so that the accounts don't run out of tokens. */
export const startServer = (/** @type {string} */ data, /** @type {string} */ upstream) =>
  start(
    [
      here("../../bin/ai-chat.js"),
      "serve",
      "--port",
      "0",
      "--data",
      data,
      "--provider",
      "openai",
      "--base-url",
      `${upstream}/v1`,
      "--model",
      "bench",
      "--price",
      "1",
      "--starting-tokens",
      "1000000000",
      "--bcrypt-cost",
      "4",
      "--log",
      "silent",
    ],
    { AI_CHAT_API_KEY: "bench" },
  );
