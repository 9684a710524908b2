import { commandWords } from "./command-words.ts";

/** The words of a `grant` as they can be typed. */
export const grantWords = (username: string, tokens: number, options = ""): string =>
  commandWords("grant", [username, String(tokens)], options);
