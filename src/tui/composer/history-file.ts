import { constants } from "node:fs";
import { rename, rm, writeFile, type FileHandle } from "node:fs/promises";
import { dirname } from "node:path";
import { locked } from "../../disk/locked.ts";
import { makeFolder } from "../../disk/make-folder.ts";
import { openRegular } from "../../disk/regular-file.ts";
import { isKept } from "./history.ts";

/** What went wrong with the file. `broken`: some lines of it are no entries; the others are used. */
export type HistoryProblem = { kind: "read" | "write" | "broken"; file: string; error?: unknown };

export type HistoryFile = {
  /** The entries at the start, oldest first. */
  readonly entries: readonly string[];
  /** Appends an entry as one line in one write; not what isKept() refuses, nor the entry before again. */
  add(entry: string): void;
  /** Waits for what is being written. */
  close(): Promise<void>;
};

const LONGEST_ENTRY = 100_000;
const { O_APPEND, O_CREAT, O_RDONLY, O_WRONLY } = constants;

/** How long another session may hold the file's lock; milliseconds. It takes some, unless it was killed. */
const PATIENCE = 1_000;

/**
 * The history kept between runs: one JSON object a line, `{"text"}`, in a file of 0600 in a folder of 0700. Never throws:
 * a problem is told once a kind, and the session goes on without. Another session may append to the same file.
 */
export async function openHistory({
  file,
  keep = 1000,
  onProblem = () => {},
}: {
  file: string;
  /** How many entries are read; a file with twice as many lines is cut to the newest. */
  keep?: number;
  onProblem?: (problem: HistoryProblem) => void;
}): Promise<HistoryFile> {
  const told = new Set<string>();
  const report = (kind: HistoryProblem["kind"], error?: unknown) => {
    if (told.has(kind)) return;
    told.add(kind);
    onProblem({ kind, file, error });
  };

  const read = () => withFile(file, O_RDONLY, (handle) => handle.readFile("utf8"));
  const text = await read().catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") report("read", error);
    return undefined;
  });
  const { entries, lines, isBroken } = readEntries(text ?? "", keep);
  if (isBroken) report("broken");
  let isTorn = text !== undefined && text !== "" && !text.endsWith("\n");
  let newest = entries.at(-1);

  /** Makes what is there private, and shorter when it has grown too long. */
  async function tidy(): Promise<void> {
    await withFile(file, O_RDONLY, (handle) => handle.chmod(0o600));
    if (lines < keep * 2) return;
    // Another session may do so at the same time, or append: what counts is what is there by then.
    await locked(file, PATIENCE, async () => {
      const now = readEntries(await read(), keep);
      if (now.lines < keep * 2) return;
      const next = `${file}.new`;
      await rm(next, { force: true });
      await writeFile(next, now.entries.map(writeEntry).join(""), { mode: 0o600, flag: "wx" });
      await rename(next, file);
      isTorn = false;
    }).catch(unlessHeld);
  }

  async function append(entry: string): Promise<void> {
    await makeFolder(dirname(file));
    // A line that was cut off by a crash is ended first, so that only that one is lost.
    const line = (isTorn ? "\n" : "") + writeEntry(entry);
    const write = () =>
      withFile(file, O_WRONLY | O_APPEND | O_CREAT, (handle) => handle.writeFile(line), 0o600);
    // Where a killed session holds the lock nobody makes the file shorter, and one write needs no lock.
    await locked(file, PATIENCE, write).catch((error: unknown) => unlessHeld(error) ?? write());
    isTorn = false;
  }

  let writing: Promise<void> =
    text === undefined ? Promise.resolve() : tidy().catch((error: unknown) => report("write", error));
  return {
    entries,
    add(entry) {
      if (!isKept(entry) || entry === newest || entry.length > LONGEST_ENTRY) return;
      newest = entry;
      writing = writing.then(() => append(entry)).catch((error: unknown) => report("write", error));
    },
    close: () => writing,
  };
}

async function withFile<T>(
  file: string,
  flags: number,
  use: (handle: FileHandle) => Promise<T>,
  mode?: number,
): Promise<T> {
  const handle = await openRegular(file, flags, mode);
  try {
    return await use(handle);
  } finally {
    await handle.close();
  }
}

/** The newest `keep` entries of the file's text, and how many lines it has in all. */
function readEntries(text: string, keep: number): { entries: string[]; lines: number; isBroken: boolean } {
  const lines = text.split("\n").filter((line) => line !== "");
  const parsed = lines.map(readEntry);
  const all = withoutRepeats(parsed.filter((entry) => entry !== undefined));
  return { entries: all.slice(-keep), lines: lines.length, isBroken: parsed.includes(undefined) };
}

/** A lock that others hold is no trouble. */
function unlessHeld(error: unknown): undefined {
  if ((error as NodeJS.ErrnoException).code !== "ELOCKED") throw error;
}

function writeEntry(text: string): string {
  return `${JSON.stringify({ text })}\n`;
}

function readEntry(line: string): string | undefined {
  try {
    const value: unknown = JSON.parse(line);
    const text = value !== null && typeof value === "object" && "text" in value ? value.text : undefined;
    return typeof text === "string" ? text : undefined;
  } catch {
    return undefined;
  }
}

function withoutRepeats(entries: string[]): string[] {
  return entries.filter((entry, index) => entry !== entries[index - 1]);
}
