import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { OURS, start } from "../../bench/support/programs.js";
import { PRICE, START } from "./class.js";

const run = promisify(execFile);

/** Runs a command and resolves to what it prints. @param {string[]} argv @param {string} [input] @param {string} [root] */
export async function aiChat(argv, input = "", root = OURS) {
  const running = run(process.execPath, [`${root}/bin/ai-chat.js`, ...argv], { maxBuffer: 2 ** 28 });
  running.child.stdin?.end(input);
  return (await running).stdout;
}

/** @param {string[]} argv */
export const document = async (...argv) => JSON.parse(await aiChat([...argv, "--json"]));

/** A server on a store. @param {string[]} store @param {string[]} [more] @param {string} [root] */
export async function serve(store, more = [], root = OURS) {
  const argv = [`${root}/bin/ai-chat.js`, "serve", "--port", "0", "--log", "silent", ...store];
  const server = await start([...argv, "--registration", "invite", ...more], {
    env: {
      AI_CHAT_PROVIDER: "demo",
      AI_CHAT_PRICE: String(PRICE),
      AI_CHAT_STARTING_TOKENS: String(START),
      AI_CHAT_BCRYPT_COST: "4",
      AI_CHAT_TOKEN_DAYS: "60",
      AI_CHAT_LIMIT_REGISTER: "off",
    },
  });
  return {
    ...server,
    /** Whether it pays refills. */
    refills: root === OURS,
    async kill() {
      process.kill(server.pid, "SIGKILL");
      await server.stop();
    },
  };
}

/** @typedef {Awaited<ReturnType<typeof serve>>} Server */

/**
 * @param {string} url @param {string} path @param {{ token?: string, body?: object, key?: string }} [asked]
 * @returns {Promise<{ status: number, body: any, headers: Headers }>}
 */
export async function call(url, path, { token, body, key } = {}) {
  const reply = await fetch(`${url}/api/${path}/`, {
    ...(body && { method: "POST", body: JSON.stringify(body) }),
    headers: {
      "content-type": "application/json",
      connection: "close",
      ...(token && { authorization: `Bearer ${token}` }),
      ...(key && { "idempotency-key": key }),
    },
  });
  return { status: reply.status, body: await reply.json(), headers: reply.headers };
}
