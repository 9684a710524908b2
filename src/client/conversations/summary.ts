import { oneLine } from "../../text/sanitize.ts";
import { isReadable, readHeader } from "./header.ts";
import { readAt, Unreadable, type Handle } from "./open-file.ts";
import { TITLE_CHARACTERS } from "./title.ts";
import { readEnd } from "./totals.ts";

/** What a list shows of a conversation. Title, server and name are one line without control sequences. */
export interface Summary {
  id: string;
  /** From the first question, unless renamed. Never empty. */
  title: string;
  /** How its first question begins, also after it got another title; "" where that can't be read. */
  firstWords: string;
  server: string;
  /** Null where only a token was known. */
  username: string | null;
  /** Milliseconds since the epoch. */
  createdAt: number;
  /** When its last turn ended. */
  updatedAt: number;
  turns: number;
  /** It is first in lists. */
  pinned: boolean;
}

/** Bytes in which the header and the beginning of the first turn lie. */
const HEAD_BYTES = 4 * 1024;

/** The first question as JSON, perhaps cut off. */
const question = /\{"is":"turn"[^\n]*?"question":"((?:[^"\\\n]|\\.)*)/;

/** The text of a JSON string that may be cut off, perhaps within an escape. */
function unescaped(written: string): string {
  for (let cut = 0; cut < 6; cut += 1) {
    try {
      return JSON.parse(`"${written.slice(0, written.length - cut)}"`) as string;
    } catch {
      // Try again without the last character.
    }
  }
  return "";
}

/** How the first question begins, on one line; "" if the first bytes don't hold it. */
async function readFirstWords(handle: Handle, size: number): Promise<string> {
  const head = (await readAt(handle, 0, Math.min(HEAD_BYTES, size))).toString();
  const written = question.exec(head)?.[1] ?? "";
  // The bytes may end within a character.
  return oneLine(unescaped(written).replace(/\uFFFD$/, ""), TITLE_CHARACTERS);
}

/** Reads only the first and the last lines of a file. Rejects with `Unreadable` if it isn't a conversation. */
export async function readSummary(handle: Handle, id: string, size: number): Promise<Summary> {
  const header = await readHeader(handle, size);
  if (!header) throw new Unreadable("isn't a conversation. Move it away.");
  if (!isReadable(header)) throw new Unreadable("was written by a newer ai-chat. Update this one.");
  const { now } = await readEnd(handle, size);
  const { server, username } = header;
  const createdAt = Date.parse(header.created_at);
  const updatedAt = now.at === null ? createdAt : Date.parse(now.at);
  const title = now.title === null || now.title === "" ? "untitled" : now.title;
  const firstWords = await readFirstWords(handle, size);
  const { turns, pinned = false } = now;
  return { id, title, firstWords, server, username, createdAt, updatedAt, turns, pinned };
}
