import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { LEDGER } from "./damage.ts";
import { replaceFile, syncFolder, writeFully, type Files } from "./files.ts";
import { headerLine } from "./line.ts";
import type { Loaded } from "./load.ts";
import { tornSentence } from "./replay.ts";

/** Makes the ledger end where `loaded` says, durably; makes the ledger if there is none. */
export async function mend(
  files: Files,
  dir: string,
  loaded: Loaded,
  at: number,
  warn: (sentence: string) => void,
): Promise<void> {
  const { end, tail } = loaded;
  if (end.line === 1) await makeLedger(files, dir, loaded, at);
  const file = await files.open(join(dir, LEDGER), "r+");
  try {
    if (tail.kind === "whole") await writeFully(file, Buffer.from("\n"), end.byte - 1);
    if (tail.kind === "torn") {
      warn(tornSentence(end, tail.bytes));
      await file.truncate(loaded.end.byte);
    }
    await file.datasync();
    await syncFolder(files, dir);
  } finally {
    await file.close();
  }
}

async function makeLedger(files: Files, dir: string, loaded: Loaded, at: number): Promise<void> {
  const ledger = randomUUID();
  const header = headerLine({ version: 1, ledger, at });
  const bytes = Buffer.from(`${header.text}\n`);
  await replaceFile(files, dir, LEDGER, bytes);
  loaded.hash.update(bytes);
  loaded.books.ledger = ledger;
  loaded.books.head = header.head;
  loaded.end = { byte: bytes.length, line: 2 };
}
