import { randomUUID } from "node:crypto";
import { createWriteStream } from "node:fs";
import { join } from "node:path";
import { finished } from "node:stream/promises";
import { crc32 } from "node:zlib";
import { newFolder } from "./endings.js";

/**
 * A data folder with that many accounts that nobody can log in to, in the format of docs/ledger.md#file-format.
 * @param {number} accounts
 * @returns {Promise<string>}
 */
export async function folderWith(accounts) {
  const path = newFolder();
  const file = createWriteStream(join(path, "ledger.jsonl"), { mode: 0o600 });
  let crc = 0;
  const write = (/** @type {object} */ fields) => {
    const body = JSON.stringify(fields).slice(0, -1);
    crc = crc32(body, crc);
    file.write(`${body},"crc":"${crc.toString(16).padStart(8, "0")}"}\n`);
  };
  const at = new Date().toISOString();
  const hash = `$2b$12$${"x".repeat(53)}`;
  write({ format: "ai-chat-ledger", version: 1, ledger: randomUUID(), at });
  for (let n = 1; n <= accounts; n++) {
    const whose = { account: randomUUID(), name: `user${n}` };
    write({ n, at, fact: "account", ...whose, hash, generation: 1, tokens: 4000, balance: 4000 });
  }
  file.end();
  await finished(file);
  return path;
}
