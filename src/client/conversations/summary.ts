import { readFirstWords } from "./first-words.ts";
import { isReadable, readHeader } from "./header.ts";
import { Unreadable, type Handle } from "./open-file.ts";
import { readEnd } from "./standing.ts";

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
}

/** Reads the first and the last lines of a file alone. Rejects with `Unreadable` where it isn't a conversation. */
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
  return { id, title, firstWords, server, username, createdAt, updatedAt, turns: now.turns };
}
