import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/** Longest time in ms that a server may take to stop. Its drain takes 5 s. */
const LONGEST_STOP = 60_000;

const program = fileURLToPath(new URL("../../bin/ai-chat.js", import.meta.url));

/**
 * A real `ai-chat serve`, which can be killed and started again. `url` is the address of the running
 * server, undefined while none runs. A `gauge` measures it.
 * @param {{ ground: Pick<import("./on-folder.js").Ground, "argv" | "env">, upstream: string, startingTokens: number, gauge?: import("../support/gauge.js").Gauge }} options
 */
export function createVictim({ ground, upstream, startingTokens, gauge }) {
  /** @type {import("node:child_process").ChildProcess | undefined} */
  let child;
  const victim = {
    /** @type {string | undefined} */
    url: undefined,
    /** Starts it and waits until it listens; throws with its output if it doesn't. Port 0 is any. */
    async start({ port = 0 } = {}) {
      const argv = [
        ...(gauge?.execArgv ?? []),
        program,
        "serve",
        "--port",
        String(port),
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
        stdio: ["ignore", "pipe", "pipe"],
        // Only PATH of this machine's environment: no proxies, no other settings.
        env: {
          PATH: process.env.PATH,
          HOME: "/nonexistent",
          AI_CHAT_API_KEY: "none",
          ...gauge?.env,
          ...ground.env,
        },
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
    /**
     * Resolves to its exit code when it has ended; null if a signal ended it, also if it did not stop in time.
     * @param {NodeJS.Signals} signal SIGKILL, or SIGTERM for a clean stop
     */
    async end(signal) {
      victim.url = undefined;
      if (!child || child.exitCode !== null || child.signalCode !== null) return child?.exitCode;
      const ended = once(child, "exit");
      child.kill(signal);
      const running = child;
      const late = setTimeout(() => running.kill("SIGKILL"), LONGEST_STOP);
      const [code] = await ended;
      clearTimeout(late);
      return code;
    },
  };
  return victim;
}
