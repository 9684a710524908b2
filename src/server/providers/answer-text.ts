import { createWholeCharacters } from "../../text/whole-characters.ts";
import { NotWhole } from "./upstream-failure.ts";

/** The text of an answer while it comes. */
export interface AnswerText {
  add(text: string): void;
  /** The whole answer. NotWhole if it is blank. */
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
    end: () => {
      pass(characters.end());
      if (answer === "") throw new NotWhole("the answer has no text");
      return answer;
    },
  };
}
