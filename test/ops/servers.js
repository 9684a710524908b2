import { OURS, start } from "../../bench/support/programs.js";

/**
 * Starts a server as the files of ops/ expect it: behind one proxy, with a log of JSON.
 * @param {{ ai: string, store: Record<string, string>, port?: number, under?: string[] }} options `under`: the command
 *   that starts it
 */
export const startServer = ({ ai, store, port = 0, under }) =>
  start([`${OURS}/bin/ai-chat.js`, "serve", "--port", String(port), "--log", "json"], {
    under,
    env: {
      ...store,
      AI_CHAT_TRUST_PROXY: "1",
      AI_CHAT_PROVIDER: "openai",
      AI_CHAT_BASE_URL: ai,
      AI_CHAT_API_KEY: "test",
      AI_CHAT_MODEL: "test",
      AI_CHAT_BCRYPT_COST: "4",
    },
  });

/** The requests in a server's log. @param {import("../../bench/support/programs.js").Program} server */
export const logged = (server) =>
  server
    .printed()
    .split("\n")
    .filter((line) => line.startsWith("{") && line.endsWith("}"))
    .map((line) => JSON.parse(line))
    .filter(({ path }) => path !== undefined);

/** Kills a server. @param {import("../../bench/support/programs.js").Program} server */
export async function kill(server) {
  process.kill(server.pid, "SIGKILL");
  await server.stop();
}
