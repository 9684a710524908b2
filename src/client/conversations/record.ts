import { isRecord, parsed, record } from "../../text/loose-json.ts";
import { oneLine } from "../../text/sanitize.ts";
import { savedImagesOf, type SavedImage } from "./images.ts";

/** The newest version of the file format that this build reads. */
export const FORMAT = 2;

/**
 * The version of a new file. The header becomes version 2 before the first record that a program of version 1 would
 * misread: it takes a conversation for a list, in which a turn follows the last one or takes its place.
 */
export const FIRST_FORMAT = 1;

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
  /** Only if the conversation is pinned. */
  pinned?: boolean;
  /** Where the last `RoleRecord` begins, in bytes; absent if there is none. */
  role?: number;
  /** Only if there is a summary among the records. */
  summarized?: boolean;
}

/** One finished exchange. */
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
  /** Those of the question; their labels are in its text. */
  images?: SavedImage[];
  /**
   * The id of the turn that it follows; null for a first one. Without it, as an older program writes it, the turn follows
   * the one before it, or has the same parent as the one that it replaces.
   */
  parent?: string | null;
  /** In version 1, the id of the last turn, if this one is another version of it. */
  replaces?: string;
  /** The number of turns from the first one to this one; beside `parent`. */
  turns?: number;
  before: Before;
}

/** Version 2: the conversation goes on behind another turn than the last one of the file. */
export interface ChosenRecord {
  is: "chosen";
  at: string;
  turn: string;
  /** The number of turns from the first one to that one. */
  turns: number;
  /** The session that chose it; see `AskingRecord`. */
  by: string;
  before: Before;
}

/** A question is about to be sent, which follows the head; or, if it is `over`, it ended without a turn. */
export interface AskingRecord {
  is: "asking";
  at: string;
  /** Tells one open session from another, on this machine and on others. */
  by: string;
  host: string;
  pid: number;
  over?: boolean;
}

/** The conversation has another title from here on. */
export interface TitleRecord {
  is: "title";
  at: string;
  title: string;
  before: Before;
}

/** From here on the conversation is first in lists, or no longer. */
export interface PinRecord {
  is: "pin";
  at: string;
  pinned: boolean;
  before: Before;
}

/** The user's instructions for every answer of a conversation, and the name of their file (docs/session.md#roles). */
export interface Role {
  name: string;
  instructions: string;
}

/** From here on the conversation has this role, as its file was then; null: none. */
export interface RoleRecord {
  is: "role";
  at: string;
  name: string | null;
  instructions: string | null;
  before: Before;
}

/** What the next question after that turn is told instead of the turns up to it. They stay in the file. */
export interface SummaryRecord {
  is: "summary";
  at: string;
  turn: string;
  /** The number of turns from the first one to that one. */
  turns: number;
  text: string;
  tokens_deducted: number | null;
  model: string | null;
  before: Before;
}

/** A record that has totals. */
export type CountedRecord = TurnRecord | TitleRecord | ChosenRecord | PinRecord | RoleRecord | SummaryRecord;

export type SavedRecord = Header | CountedRecord | AskingRecord;

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
  const { id, at, question, answer, tokens_deducted, asked_model, finish, before } = value;
  const { parent, replaces, turns } = value;
  const images = savedImagesOf(value.images);
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
    ...(images.length > 0 ? { images } : {}),
    ...(isText(parent) || parent === null ? { parent } : {}),
    ...(isText(replaces) ? { replaces } : {}),
    ...(isCount(turns) ? { turns } : {}),
    before: isBefore(before) ? before : noBefore,
  };
}

function chosenOf(value: Record<string, unknown>): Decoded {
  const { at, turn, turns, by, before } = value;
  if (!isTime(at) || !isText(turn) || !isCount(turns) || !isText(by)) return { is: "broken" };
  return { is: "chosen", at, turn, turns, by, before: isBefore(before) ? before : noBefore };
}

function askingOf(value: Record<string, unknown>): Decoded {
  const { at, by, host, pid, over } = value;
  if (!isTime(at) || !isText(by) || !isText(host) || !isCount(pid)) return { is: "broken" };
  return { is: "asking", at, by, host, pid, ...(over === true ? { over } : {}) };
}

function titleRecordOf(value: Record<string, unknown>): Decoded {
  const { at, title, before } = value;
  if (!isTime(at) || !isText(title)) return { is: "broken" };
  return { is: "title", at, title: titleOf(title), before: isBefore(before) ? before : noBefore };
}

function pinOf(value: Record<string, unknown>): Decoded {
  const { at, pinned, before } = value;
  if (!isTime(at) || typeof pinned !== "boolean") return { is: "broken" };
  return { is: "pin", at, pinned, before: isBefore(before) ? before : noBefore };
}

function roleRecordOf(value: Record<string, unknown>): Decoded {
  const { at, name, instructions, before } = value;
  if (!isTime(at)) return { is: "broken" };
  const role =
    isText(name) && isText(instructions) ? { name, instructions } : { name: null, instructions: null };
  return { is: "role", at, ...role, before: isBefore(before) ? before : noBefore };
}

function summaryOf(value: Record<string, unknown>): Decoded {
  const { at, turn, turns, text, tokens_deducted, before } = value;
  if (!isTime(at) || !isText(turn) || !isCount(turns) || !isText(text)) return { is: "broken" };
  return {
    is: "summary",
    at,
    turn,
    turns,
    text,
    tokens_deducted: typeof tokens_deducted === "number" ? tokens_deducted : null,
    model: textOrNull(value.model),
    before: isBefore(before) ? before : noBefore,
  };
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
    case "chosen":
      return chosenOf(value);
    case "pin":
      return pinOf(value);
    case "role":
      return roleRecordOf(value);
    case "summary":
      return summaryOf(value);
    case "asking":
      return askingOf(value);
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
export function decode(bytes: Uint8Array | string): Decoded[] {
  const line = typeof bytes === "string" ? bytes : new TextDecoder().decode(bytes);
  if (line.trim() === "") return [];
  const whole = recordOf(line);
  return whole.is === "broken" ? line.split(beginning).map(recordOf) : [whole];
}

/** A title out of what a person typed or asked: one line, without control sequences, at most 80 characters. */
export function titleOf(text: string): string {
  return oneLine(text, TITLE_CHARACTERS);
}

/** The words of a question before its files, or before code that was pasted behind them. */
const WORDS = /^(?!\s*(?:`{3}|~{3}))[^]*?(?=\n[ \t]*(?:`{3}|~{3}|\[image ))/;

/** The title of a conversation that begins with this question: its words, without what stands behind them. */
export function titleOfQuestion(question: string): string {
  const words = WORDS.exec(question)?.[0] ?? "";
  return titleOf(words.trim() === "" ? question : words);
}
