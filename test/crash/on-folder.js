import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const program = fileURLToPath(new URL("../../bin/ai-chat.js", import.meta.url));

/**
 * Where the server of a crash test keeps its accounts.
 * @typedef {object} Ground
 * @property {string[]} argv Its arguments for `serve`.
 * @property {Record<string, string>} env
 * @property {() => Promise<void>} afterKill To be called between a kill of the server and its next start.
 * @property {(() => Promise<void>) | undefined} crash Crashes the store below the running server, and starts it again.
 * @property {() => Promise<string[]>} charges The keys of all charges, as digests; to be called when the server has ended.
 * @property {() => Promise<boolean>} adds Whether it adds up; to be called when the server has ended.
 * @property {() => Promise<void>} close
 */

/** What `store check` finds. @param {string} data */
export async function damageOf(data) {
  const env = { PATH: process.env.PATH, HOME: "/nonexistent" };
  const checked = promisify(execFile)(process.execPath, [program, "store", "check", data], { env });
  return checked.then(
    () => [],
    (error) => [`store check: ${error.stdout}${error.stderr}`],
  );
}

/** A folder of the JSON store. @returns {Promise<Ground>} */
export async function openFolder() {
  const data = await mkdtemp(join(tmpdir(), "ai-chat-crash-"));
  return {
    argv: ["--data", data],
    env: {},
    afterKill: async () => {},
    crash: undefined,
    async charges() {
      const lines = (await readFile(join(data, "ledger.jsonl"), "utf8")).trimEnd().split("\n");
      const facts = lines.map((line) => JSON.parse(line));
      return facts.flatMap(({ fact, key }) => (fact === "charge" ? [key] : []));
    },
    adds: async () => (await damageOf(data)).length === 0,
    close: () => rm(data, { recursive: true, force: true }),
  };
}
