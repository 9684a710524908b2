import { isRecord, parsed, record } from "../../text/loose-json.ts";
import { oneLine } from "../../text/sanitize.ts";

/** The version of the file format that this build writes, and the newest that it reads. */
export const FORMAT = 1;

/** Longest title, in UTF-16 code units. */
export const TITLE_CHARACTERS = 80;

/** The first line of a file. Times in the file are ISO 8601, UTC. */
export interface Header {
  is: "conversation";
  version: number;
  id: string;
  /** As `normalizeServer` writes it, or `local`. */
  server: string;
  /** Null where only a token was known. */
  username: string | null;
  created_at: string;
}

/**
 * Totals of the first `bytes` of the file, which end with a line. Files only grow, so they stay true while others write;
 * readers start to count there instead of at the beginning.
 */
export interface Before {
  bytes: number;
  turns: number;
  title: string | null;
  /** When the last of those turns ended. */
  at: string | null;
}

/** One finished exchange. `replaces` is the id of an earlier turn that this one takes the place of. */
export interface TurnRecord {
  is: "turn";
  id: string;
  at: string;
  question: string;
  answer: string;
  stopped: boolean;
  tokens_deducted: number | null;
  model: string | null;
  /** The model that the question named. `model` is who answered, which can be another one. */
  asked_model?: string;
  /** Why the AI ended, if the server said so. */
  finish?: string;
  replaces?: string;
  before: Before;
}

/** The conversation has another title from here on. */
export interface TitleRecord {
  is: "title";
  at: string;
  title: string;
  before: Before;
}

export type SavedRecord = Header | TurnRecord | TitleRecord;

/** What a line is: `unknown` was written by a newer program, `broken` by none. */
export type Decoded = SavedRecord | { is: "unknown" } | { is: "broken" };

/** One line with its end. JSON escapes line ends inside it. */
export function encode(saved: SavedRecord): string {
  return `${JSON.stringify(saved)}\n`;
}

const isTime = (value: unknown): value is string =>
  typeof value === "string" && !Number.isNaN(Date.parse(value));
const isText = (value: unknown): value is string => typeof value === "string";
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;
const textOrNull = (value: unknown) => (isText(value) ? value : null);
const isBefore = (value: unknown): value is Before =>
  isRecord(value) &&
  isCount(value.bytes) &&
  isCount(value.turns) &&
  (value.title === null || isText(value.title)) &&
  (value.at === null || isTime(value.at));

/** In place of a `before` that is missing or was edited. No file is so long, so that readers count all records. */
const noBefore: Before = { bytes: Number.MAX_SAFE_INTEGER, turns: 0, title: null, at: null };

function headerOf(value: Record<string, unknown>): Decoded {
  const { version, id, server, username, created_at } = value;
  if (!isCount(version) || !isText(id) || !isText(server) || !isTime(created_at)) return { is: "broken" };
  return { is: "conversation", version, id, server, username: textOrNull(username), created_at };
}

function turnOf(value: Record<string, unknown>): Decoded {
  const { id, at, question, answer, tokens_deducted, asked_model, finish, replaces, before } = value;
  if (!isText(id) || !isTime(at) || !isText(question) || !isText(answer)) return { is: "broken" };
  return {
    is: "turn",
    id,
    at,
    question,
    answer,
    stopped: value.stopped === true,
    tokens_deducted: typeof tokens_deducted === "number" ? tokens_deducted : null,
    model: textOrNull(value.model),
    ...(isText(asked_model) ? { asked_model } : {}),
    ...(isText(finish) ? { finish } : {}),
    ...(isText(replaces) ? { replaces } : {}),
    before: isBefore(before) ? before : noBefore,
  };
}

function titleRecordOf(value: Record<string, unknown>): Decoded {
  const { at, title, before } = value;
  if (!isTime(at) || !isText(title)) return { is: "broken" };
  return { is: "title", at, title: titleOf(title), before: isBefore(before) ? before : noBefore };
}

function recordOf(text: string): Decoded {
  const value = record(parsed(text));
  switch (value?.is) {
    case "conversation":
      return headerOf(value);
    case "turn":
      return turnOf(value);
    case "title":
      return titleRecordOf(value);
    default:
      return { is: isText(value?.is) ? "unknown" : "broken" };
  }
}

/** Quotes inside a text are escaped, so this matches only where a record begins. */
const beginning = /(?=\{"is":")/;

/**
 * The records of a line: one, or none if it is blank. Several if a write was cut short (a full disk) and another program
 * appended to the same line. Never throws.
 */
export function decode(bytes: Uint8Array): Decoded[] {
  const line = new TextDecoder().decode(bytes);
  if (line.trim() === "") return [];
  const whole = recordOf(line);
  return whole.is === "broken" ? line.split(beginning).map(recordOf) : [whole];
}

/** A title out of what a person typed or asked: one line, without control sequences, at most 80 characters. */
export function titleOf(text: string): string {
  return oneLine(text, TITLE_CHARACTERS);
}
