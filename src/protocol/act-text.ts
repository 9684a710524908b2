import { codePoints } from "../text/code-points.ts";

/** Most characters of the reason of an operator's act, and of the name of who did it. */
const CHARACTERS = 200;

/** What {@link isActText} asks for, in words that complete "it must be". */
export const actTextRule = `one line of 1 to ${CHARACTERS} characters, none of them a control character`;

/** Whether a text can be such a reason or name. */
export const isActText = (text: string): boolean =>
  text.trim() !== "" &&
  text.isWellFormed() &&
  !/[\p{Cc}\p{Zl}\p{Zp}]/u.test(text) &&
  codePoints(text) <= CHARACTERS;
