import type { Usage } from "../client/http/contract.ts";

/** How a note is meant. */
export type Tone = "info" | "dim" | "warn" | "error";

/** A line of a note: its text, or parts that the face writes with its separator between them. */
export type Line = string | readonly string[];

/**
 * What the session says, in order. Nothing of it is ever undone; each face decides how to show it (Ink's scrollback, or
 * plain lines). Texts come from people, models and servers and aren't yet safe for a terminal.
 */
export type Said =
  /** Model and balance are known, as far as the server tells them. */
  | { type: "begun" }
  | { type: "question"; text: string }
  /** A slash command that was typed, above what it prints. */
  | { type: "command"; text: string }
  /** The AI has begun to think. */
  | { type: "thinking" }
  | { type: "delta"; text: string }
  /** An earlier exchange, shown again. `cut`: what to say of an answer that looks whole and is not. */
  | { type: "past"; question: string; answer: string; stopped: boolean; cut?: string | undefined }
  /** The answer has ended, whole or not. */
  | { type: "end" }
  | { type: "note"; tone: Tone; lines: readonly Line[] }
  /**
   * Below an answer: what it cost in words, such as `100 tokens`; the time since it was asked; and what is left. null: it
   * is not known.
   */
  | { type: "cost"; spent: readonly string[]; milliseconds: number; tokens: number | null }
  /** What the account used, day by day. */
  | { type: "usage"; used: Usage }
  /** A question that was not answered, or is to be edited, returns to the composer. */
  | { type: "giveBack"; text: string; toEdit?: boolean };
