import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { NoAnswer } from "../../core/startup-error.ts";
import { createCheckedLines, type CheckedLines } from "./checked-lines.ts";
import { LEDGER } from "./damage.ts";
import type { OpenFile } from "./files.ts";
import { hasLedger } from "./has-ledger.ts";
import { noStore, readFolder, type Folder } from "./read-in-folder.ts";

/** A ledger that a command reads while a server may write to it. */
export interface OpenLedger {
  file: OpenFile;
  lines: CheckedLines;
  /**
   * Bytes that are durable: what the process that holds the folder says; without one, all that are there. Undefined if the
   * file was replaced by another one.
   */
  end(): Promise<number | undefined>;
  /** Resolves when there may be more to read, or the signal is aborted. */
  grown(signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

/** Opens the ledger of a folder at its first line. `interval`: milliseconds between two looks at its size. */
export async function openLedger({ dir, key, files }: Folder, interval: number): Promise<OpenLedger> {
  if (!(await hasLedger(files, dir))) throw noStore(dir);
  const path = join(dir, LEDGER);
  const file = await files.open(path, "r");
  const lines = createCheckedLines(file, key);

  async function isReplaced(): Promise<boolean> {
    const ours = await file.stat();
    // Gone: opening it again says so.
    const named = await (async () => files.stat(path))().catch(() => undefined);
    return ours.ino !== named?.ino || ours.dev !== named.dev;
  }

  return {
    file,
    lines,
    async end() {
      // Before it is known that nobody holds the folder: the bytes of a process that starts now may not be durable yet.
      const { size } = await file.stat();
      const end = await readFolder(
        { dir, key, files },
        {
          asked: { durable: true },
          async collect(answer) {
            for await (const line of answer) if ("durable" in line) return line.durable.bytes;
            return undefined;
          },
          onDisk: async () => size,
        },
      ).catch((error: unknown) => {
        // It stores nothing either.
        if (error instanceof NoAnswer && lines.byte() > 0) return lines.byte();
        throw error;
      });
      return (await isReplaced()) ? undefined : end;
    },
    async grown(signal) {
      do await pause(interval, undefined, { signal }).catch(() => {});
      while (!signal.aborted && (await file.stat()).size === lines.byte() && !(await isReplaced()));
    },
    close: () => file.close(),
  };
}
