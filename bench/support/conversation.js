import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { OURS } from "./programs.js";
import { environmentOf } from "./session.js";

/**
 * Saves a conversation with that many turns, which the program's line mode has with the server; resolves to its ID.
 * @param {string} home
 * @param {{ turns: number, server: string }} options
 * @returns {Promise<string>}
 */
export async function saveConversation(home, { turns, server }) {
  const folder = join(home, "data/ai-chat/conversations");
  const ids = () => {
    try {
      return readdirSync(folder);
    } catch {
      return [];
    }
  };
  const before = new Set(ids());
  const argv = [join(OURS, "bin/ai-chat.js"), "chat", "--plain", "-s", server];
  const child = spawn(process.execPath, argv, {
    stdio: ["pipe", "ignore", "ignore"],
    env: environmentOf(home),
  });
  child.stdin.end(Array.from({ length: turns }, (_, i) => `Question ${i + 1}: what is it?\n`).join(""));
  const [code] = await once(child, "exit");
  const made = ids().find((name) => !before.has(name));
  if (code !== 0 || made === undefined) throw new Error(`The conversation was not saved (${code}).`);
  return made.replace(/\.jsonl$/, "");
}
