import { readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeFolderSync } from "../../disk/make-folder.ts";
import { readRegularSync } from "../../disk/regular-file.ts";

/** A draft that is kept while it is typed, so that no end of the process loses it. */
export interface DraftFile {
  /** What a session that is gone was typing; undefined where there is nothing. Its file is gone then. */
  readonly found: string | undefined;
  /** Keeps the text half a second later; "" forgets it at once. Never throws. */
  keep(text: string): void;
  /** Writes at once what waits: the session ends, and not by hand. */
  flush(): void;
  /** Forgets it: the session was left in order. */
  close(): void;
}

interface DraftOptions {
  /** `$XDG_STATE_HOME/ai-chat`; made (0700) with the first draft. */
  dir: string;
  pid: number;
  /** Whether that process still runs. */
  isAlive: (pid: number) => boolean;
  delay?: number;
}

const NAME = /^draft-(\d+)\.txt$/;
const MOST_CHARACTERS = 1_000_000;

/**
 * One file (0600) a process, so that two sessions don't take each other's. Draft files of processes that are gone are
 * taken over; where there are several, the last one by name is used and the others are left for the next sessions.
 */
export function openDraft({ dir, pid, isAlive, delay = 500 }: DraftOptions): DraftFile {
  const file = join(dir, `draft-${pid}.txt`);
  let timer: NodeJS.Timeout | undefined;
  let waiting: string | undefined;
  let isWritten = false;

  const write = (text: string) => {
    try {
      makeFolderSync(dir);
      const next = `${file}.new`;
      rmSync(next, { force: true });
      writeFileSync(next, text.slice(0, MOST_CHARACTERS), { mode: 0o600, flag: "wx" });
      renameSync(next, file);
      isWritten = true;
    } catch {
      // A draft is a net under the session; where it can't be, the session goes on without.
    }
  };
  const flush = () => {
    clearTimeout(timer);
    if (waiting !== undefined) write(waiting);
    waiting = undefined;
  };
  const forget = () => {
    clearTimeout(timer);
    waiting = undefined;
    if (!isWritten) return;
    isWritten = false;
    rmSync(file, { force: true });
  };

  return {
    found: takeOrphan(dir, pid, isAlive),
    keep(text) {
      clearTimeout(timer);
      if (text.trim() === "") return forget();
      waiting = text;
      timer = setTimeout(flush, delay);
      timer.unref();
    },
    flush,
    close: forget,
  };
}

function takeOrphan(dir: string, own: number, isAlive: (pid: number) => boolean): string | undefined {
  try {
    const files = readdirSync(dir, { withFileTypes: true }).filter((entry) => entry.isFile());
    for (const name of files
      .map((entry) => entry.name)
      .toSorted()
      .reverse()) {
      const pid = Number(NAME.exec(name)?.[1] ?? "0");
      if (pid === 0 || (pid !== own && isAlive(pid))) continue;
      const taken = join(dir, `${name}.taken`);
      // Only one of two sessions that start together gets it.
      renameSync(join(dir, name), taken);
      const text = readRegularSync(taken).toString();
      rmSync(taken);
      if (text.trim() !== "") return text;
    }
  } catch {
    // No folder yet, or the other session was faster.
  }
  return undefined;
}
