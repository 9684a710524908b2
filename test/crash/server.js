import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const program = fileURLToPath(new URL("../../bin/ai-chat.js", import.meta.url));
const memory = new URL("./memory.js", import.meta.url).href;

/**
 * A real `ai-chat serve`, which can be killed and started again. `url` is the address of the running
 * server, undefined while none runs.
 * @param {{ ground: Pick<import("./on-folder.js").Ground, "argv" | "env">, upstream: string, startingTokens: number }} options
 */
export function createVictim({ ground, upstream, startingTokens }) {
  /** @type {import("node:child_process").ChildProcess | undefined} */
  let child;
  const victim = {
    /** @type {string | undefined} */
    url: undefined,
    /** Starts it and waits until it listens; throws with its output if it doesn't. `measured`: for {@link memory}. */
    async start({ measured = false } = {}) {
      const argv = [
        ...(measured ? ["--expose-gc", "--import", memory] : []),
        program,
        "serve",
        "--port",
        "0",
        ...ground.argv,
        "--provider",
        "openai",
        "--base-url",
        upstream,
        "--model",
        "moody",
        "--starting-tokens",
        String(startingTokens),
        "--bcrypt-cost",
        "4",
        "--drain-timeout",
        "5",
        "--log",
        "silent",
      ];
      const started = spawn(process.execPath, argv, {
        stdio: ["ignore", "pipe", "pipe", ...(measured ? [/** @type {const} */ ("ipc")] : [])],
        // Only PATH of this machine's environment: no proxies, no other settings.
        env: { PATH: process.env.PATH, HOME: "/nonexistent", AI_CHAT_API_KEY: "none", ...ground.env },
      });
      child = started;
      let printed = "";
      victim.url = await new Promise((resolve, reject) => {
        const look = (/** @type {Buffer} */ chunk) => {
          printed += chunk.toString();
          const found = /http:\/\/127\.0\.0\.1:\d+(?=\D)/.exec(printed.replaceAll(upstream, ""))?.[0];
          if (found) resolve(found);
        };
        started.stdout?.on("data", look);
        started.stderr?.on("data", look);
        started.once("exit", (code) => reject(new Error(`serve ended with ${code}:\n${printed}`)));
      });
    },
    /** Its RSS after gc, in bytes. @returns {Promise<number>} */
    async memory() {
      if (!child?.connected) throw new Error("the server is not measured, or has ended");
      child.send("measure");
      const [rss] = await once(child, "message");
      return rss;
    },
    /** @param {NodeJS.Signals} signal SIGKILL, or SIGTERM for a clean stop; waits until it has ended */
    async end(signal) {
      victim.url = undefined;
      if (!child || child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, "exit");
      child.kill(signal);
      await ended;
    },
  };
  return victim;
}
