import { readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { savedImagesOf, type Attached, type SavedImage } from "../../client/conversations/images.ts";
import { makeFolderSync } from "../../disk/make-folder.ts";
import { readRegularSync } from "../../disk/regular-file.ts";
import { pendingOf, type Pending } from "../../session/pending.ts";
import { isRecord, parsed } from "../../text/loose-json.ts";
import { openDraftImages, removeLeftImages, type DraftImage } from "./draft-images.ts";

/** What a session did not send, or whose answer it did not get to its end. */
export interface Unsent {
  /** What was being typed. */
  text: string;
  queue: readonly string[];
  pending?: Pending;
  /** Those whose labels may be in it. */
  images?: readonly SavedImage[];
}

/** What is unsent, kept so that no end of the process loses it. */
export interface DraftFile {
  /** Of a session that is gone; undefined where there is nothing. Its file is gone then. */
  readonly found: Unsent | undefined;
  /** Keeps what is typed half a second later, and anything else before anything is sent. Never throws. */
  keep(change: Partial<Unsent>): void;
  /** The images of what was found. */
  readonly images: readonly DraftImage[];
  /** Keeps an image whose label is being typed. Never rejects. */
  keepImage(image: Attached): Promise<void>;
  /** Writes at once what waits: the session ends, and not by hand. */
  flush(): void;
  /** The session was left in order: only the queue is kept, with its images. */
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

/** `.txt`: of an earlier version, which kept the typed text alone. */
const NAME = /^draft-(\d+)\.(json|txt)$/;
const MOST_CHARACTERS = 1_000_000;

const isEmpty = ({ text, queue, pending }: Unsent) =>
  text.trim() === "" && queue.length === 0 && pending === undefined;

/**
 * One file (0600) a process, so that two sessions don't take each other's. Draft files of processes that are gone are
 * taken over; where there are several, the last one by name is used and the others are left for the next sessions.
 */
export function openDraft({ dir, pid, isAlive, delay = 500 }: DraftOptions): DraftFile {
  const file = join(dir, `draft-${pid}.json`);
  let timer: NodeJS.Timeout | undefined;
  let now: Unsent = { text: "", queue: [] };
  let isWaiting = false;
  let isWritten = false;

  const write = () => {
    try {
      makeFolderSync(dir);
      const next = `${file}.new`;
      rmSync(next, { force: true });
      const unsent = JSON.stringify({ ...now, text: now.text.slice(0, MOST_CHARACTERS) });
      writeFileSync(next, unsent, { mode: 0o600, flag: "wx" });
      renameSync(next, file);
      isWritten = true;
    } catch {
      // A draft is a net under the session; where it can't be, the session goes on without.
    }
  };
  const flush = () => {
    clearTimeout(timer);
    if (!isWaiting) return;
    isWaiting = false;
    if (!isEmpty(now)) write();
    else if (isWritten) {
      isWritten = false;
      rmSync(file, { force: true });
    }
  };
  const keep = (change: Partial<Unsent>) => {
    const before = now;
    now = { ...now, ...change };
    const { text, queue, pending, images } = now;
    const isSame = text === before.text && queue === before.queue && images === before.images;
    if (isSame && pending === before.pending) return;
    isWaiting = true;
    // One write for what one key changes: a text that joins the queue must not be in the file twice.
    if ("queue" in change || "pending" in change || text.trim() === "") return queueMicrotask(flush);
    clearTimeout(timer);
    timer = setTimeout(flush, delay);
    timer.unref();
  };

  const orphan = takeOrphan(dir, pid, isAlive);
  const { found } = orphan ?? {};
  const draftImages = openDraftImages(dir, pid, orphan && { pid: orphan.pid, images: found?.images ?? [] });

  return {
    found,
    images: draftImages.found,
    keepImage: async (image) => keep({ images: await draftImages.keep(image) }),
    keep,
    flush,
    close() {
      keep({ text: "", pending: undefined });
      flush();
      if (now.queue.length === 0) draftImages.remove();
    },
  };
}

function takeOrphan(
  dir: string,
  own: number,
  isAlive: (pid: number) => boolean,
): { pid: number; found: Unsent } | undefined {
  try {
    const entries = readdirSync(dir, { withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile());
    const drafts = new Set(files.map((entry) => entry.name));
    const folders = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
    const isGone = (pid: number) => pid === own || !isAlive(pid);
    removeLeftImages(dir, folders, (pid) => isGone(pid) && !drafts.has(`draft-${pid}.json`));
    for (const name of files
      .map((entry) => entry.name)
      .toSorted()
      .reverse()) {
      const pid = Number(NAME.exec(name)?.[1] ?? "0");
      if (pid === 0 || !isGone(pid)) continue;
      const taken = join(dir, `${name}.taken`);
      // Only one of two sessions that start together gets it.
      renameSync(join(dir, name), taken);
      const text = readRegularSync(taken).toString();
      rmSync(taken);
      const found = name.endsWith(".txt") ? { text, queue: [] } : unsentOf(parsed(text));
      if (found !== undefined && !isEmpty(found)) return { pid, found };
    }
  } catch {
    // No folder yet, or the other session was faster.
  }
  return undefined;
}

function unsentOf(value: unknown): Unsent | undefined {
  if (!isRecord(value)) return undefined;
  const { text, queue, pending } = value;
  const images = savedImagesOf(value.images);
  return {
    text: typeof text === "string" ? text : "",
    queue: Array.isArray(queue) ? queue.filter((question) => typeof question === "string") : [],
    pending: pendingOf(pending),
    ...(images.length > 0 ? { images } : {}),
  };
}
