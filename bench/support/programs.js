import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { atEnd, newFolder } from "./endings.js";

/**
 * @typedef {{ url: string, pid: number, printed(): string, collect(): Promise<void>, stop(): Promise<void> }} Program
 * `printed`: the newest 10,000 characters of what it printed; `collect` runs the garbage collector of a program that was started with `gc`.
 */

const here = (/** @type {string} */ path) => fileURLToPath(new URL(path, import.meta.url));

/** The folder of this program's own repository. */
export const OURS = here("../..");

/**
 * Starts a Node program and waits for the loopback address that it prints.
 * @param {string[]} argv
 * @param {{ env?: Record<string, string>, gc?: boolean, core?: number, under?: string[] }} [options] `core`: the only one
 *   that it may use; `under`: the command that starts it
 * @returns {Promise<Program>}
 */
export async function start(
  argv,
  { env = {}, gc = false, core, under = core === undefined ? [] : ["taskset", "-c", String(core)] } = {},
) {
  const collecting = gc ? ["--expose-gc", "--import", here("./collect.js")] : [];
  const [command = "", ...args] = [...under, process.execPath, ...collecting, ...argv];
  const child = spawn(command, args, {
    stdio: ["ignore", "pipe", "pipe", gc ? "ipc" : "ignore"],
    env: { ...process.env, ...env },
  });
  atEnd(() => child.kill("SIGKILL"));
  let printed = "";
  const url = await new Promise((resolve, reject) => {
    const look = (/** @type {Buffer} */ chunk) => {
      printed = (printed + chunk.toString()).slice(-10_000);
      const found = /http:\/\/(127\.0\.0\.1|localhost):(\d+)/.exec(printed);
      if (found) resolve(`http://127.0.0.1:${found[2]}`);
    };
    child.stdout?.on("data", look);
    child.stderr?.on("data", look);
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`It ended with ${code}:\n${printed}`)));
  });
  return {
    url,
    pid: child.pid ?? 0,
    printed: () => printed,
    async collect() {
      child.send("collect");
      await once(child, "message");
    },
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
export const startForwarder = (
  /** @type {string} */ upstream,
  /** @type {{ core?: number }} */ options = {},
) => start([here("./forwarder.js"), upstream], options);

/**
 * The built chat server, of this or another build. Questions cost 1 token, so that the accounts don't run out of tokens.
 * @typedef {{ data?: string, ledgerKey?: string, postgres?: string, root?: string, gc?: boolean, core?: number }} ServerOptions `data`
 *   defaults to a new folder
 * @param {string} upstream
 * @param {ServerOptions} [options]
 */
export const startServer = (
  upstream,
  { data = newFolder(), ledgerKey, postgres, root = OURS, gc, core } = {},
) =>
  start([`${root}/bin/ai-chat.js`, "serve", "--port", "0", "--log", "silent"], {
    gc,
    core,
    env: {
      ...(postgres === undefined ? { AI_CHAT_DATA: data } : { AI_CHAT_STORE: postgres }),
      ...(ledgerKey !== undefined && { AI_CHAT_LEDGER_KEY: ledgerKey }),
      AI_CHAT_PROVIDER: "openai",
      AI_CHAT_BASE_URL: `${upstream}/v1`,
      AI_CHAT_API_KEY: "bench",
      AI_CHAT_MODEL: "bench",
      AI_CHAT_PRICE: "1",
      AI_CHAT_STARTING_TOKENS: "1000000000",
      AI_CHAT_BCRYPT_COST: "4",
    },
  });
