import type { SavedImage } from "./images.ts";

/** The newest version of the file format that this build reads. */
export const FORMAT = 2;

/**
 * The version of a new file. The header becomes version 2 before the first record that a program of version 1 would
 * misread: it takes a conversation for a list, in which a turn follows the last one or takes its place.
 */
export const FIRST_FORMAT = 1;

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

/** One line with its end. JSON escapes line ends inside it. */
export function encode(saved: SavedRecord): string {
  return `${JSON.stringify(saved)}\n`;
}
