import { joined, withPiece, type Pieces } from "../core/pieces.ts";
import { createWholeCharacters } from "../../text/whole-characters.ts";
import { KeptText } from "./kept-text.ts";
import { ReplyTooLong } from "./upstream-errors.ts";

/** Longest answer, in UTF-16 code units. */
const LONGEST = 8 * 1024 * 1024;

/** Names of the tags around reasoning: of most models, and of Gemini. */
const TAGS = ["think", "thought"];
const OPENINGS = TAGS.map((name) => `<${name}>`);

/** The text of an answer while it comes. */
export interface AnswerText {
  /** ReplyTooLong beyond {@link LONGEST}. */
  add(texts: Pieces): void;
  /** Reasoning that came beside the text. */
  addReasoning(text: string): void;
  /** Whether any of the answer is not blank. */
  hasText(): boolean;
  hasReasoning(): boolean;
  /** The whole answer; "" if it is blank. */
  end(): string;
}

interface Listener {
  /** Gets the answer in pieces of whole characters, none empty; as many as were added at once. */
  onTexts: (pieces: Pieces) => void;
  /** Gets the reasoning in such pieces. */
  onReasoning: (piece: string) => void;
}

/** `start`: no text yet, and it may begin with a tag; `thinking`: inside of it; `after`: behind it, no text yet. */
type Stage = "start" | "thinking" | "after" | "text";

/**
 * Separates reasoning from the answer: what was added as such, and a block in tags (`<think>` or `<thought>`) at the
 * beginning, closed or not.
 */
export function createAnswerText({ onTexts, onReasoning }: Listener): AnswerText {
  const characters = createWholeCharacters();
  const reasoningCharacters = createWholeCharacters();
  let stage: Stage = "start";
  const answer = new KeptText();
  /** What of the texts that were added now belongs to the answer. */
  let pieces: Pieces | undefined;
  // Blanks at the beginning wait for text: an answer without text must fail before the head is sent.
  let blanks = "";
  /** The end of what came, if it may be the beginning of a tag. */
  let tag = "";
  /** The tag that ends the block. */
  let close = "";
  let hasReasoning = false;

  const passReasoning = (text: string) => {
    // Some models send a block of blanks if they do not think.
    const piece = hasReasoning ? text : text.trimStart();
    if (piece === "") return;
    hasReasoning = true;
    onReasoning(piece);
  };
  const passPieces = () => {
    if (pieces === undefined) return;
    const passed = pieces;
    pieces = undefined;
    const text = joined(passed);
    if (answer.length + text.length > LONGEST) throw tooLong();
    answer.add(text);
    onTexts(passed);
  };
  const begin = (text: string) => {
    stage = "text";
    pieces = withPiece(pieces, blanks + text);
    blanks = "";
    tag = "";
  };

  const beforeText = (text: string) => {
    const rest = tag + (tag === "" ? text.trimStart() : text);
    if (tag === "" && stage === "start") blanks += text.slice(0, text.length - rest.length);
    if (blanks.length > LONGEST) throw tooLong();
    if (rest === "") return;
    if (stage === "after") return begin(rest);
    const opening = OPENINGS.find((one) => rest.startsWith(one));
    if (opening !== undefined) {
      stage = "thinking";
      close = opening.replace("<", "</");
      blanks = "";
      tag = "";
      think(rest.slice(opening.length));
    } else if (OPENINGS.some((one) => one.startsWith(rest))) tag = rest;
    else begin(rest);
  };

  const think = (text: string) => {
    const all = tag + text;
    const end = all.indexOf(close);
    tag = end < 0 ? startOf(close, all) : "";
    passReasoning(all.slice(0, end < 0 ? all.length - tag.length : end));
    if (end < 0) return;
    stage = "after";
    pass(all.slice(end + close.length));
  };

  const pass = (text: string) => {
    if (text === "") return;
    if (stage === "text") pieces = withPiece(pieces, text);
    else if (stage === "thinking") think(text);
    else beforeText(text);
  };

  return {
    add: (texts) => {
      if (typeof texts === "string") pass(characters.push(texts));
      else for (const text of texts) pass(characters.push(text));
      passPieces();
    },
    addReasoning: (text) => passReasoning(reasoningCharacters.push(text)),
    hasText: () => answer.length > 0,
    hasReasoning: () => hasReasoning,
    end: () => {
      pass(characters.end());
      if (stage === "thinking") passReasoning(tag);
      else if (tag !== "") begin(tag);
      passPieces();
      return answer.whole();
    },
  };
}

const tooLong = () => new ReplyTooLong("the answer", `${LONGEST} characters`);

/** The longest end of the text with which the tag begins; "" if there is none. */
function startOf(tag: string, text: string): string {
  const from = text.lastIndexOf("<");
  const end = from < 0 ? "" : text.slice(from);
  return tag.startsWith(end) ? end : "";
}
