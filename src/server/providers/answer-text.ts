import { createWholeCharacters } from "../../text/whole-characters.ts";
import { ReplyTooLong } from "./upstream-errors.ts";

/** Longest answer, in UTF-16 code units. */
const LONGEST = 8 * 1024 * 1024;

/** The text of an answer while it comes. */
export interface AnswerText {
  /** ReplyTooLong beyond {@link LONGEST}. */
  add(text: string): void;
  /** Whether any of it is not blank. */
  hasText(): boolean;
  /** The whole answer; "" if it is blank. */
  end(): string;
}

/** `onPiece` gets the text in pieces of whole characters, none empty. */
export function createAnswerText(onPiece: (piece: string) => void): AnswerText {
  const characters = createWholeCharacters();
  let answer = "";
  // Blanks at the beginning wait for text: an answer without text must fail before the head is sent.
  let blanks = "";
  const pass = (text: string) => {
    if (text === "") return;
    if (answer.length + blanks.length + text.length > LONGEST) {
      throw new ReplyTooLong("the answer", `${LONGEST} characters`);
    }
    if (answer === "" && text.trim() === "") {
      blanks += text;
      return;
    }
    const piece = blanks + text;
    blanks = "";
    answer += piece;
    onPiece(piece);
  };
  return {
    add: (text) => pass(characters.push(text)),
    hasText: () => answer !== "",
    end: () => {
      pass(characters.end());
      return answer;
    },
  };
}
