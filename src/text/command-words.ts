import { shellWord } from "./shell-word.ts";

/**
 * The words of a command as they can be typed. After `--`, for a word that begins with a dash, no option can follow.
 * `options` is put in as it is.
 */
export function commandWords(command: string, words: readonly string[], options = ""): string {
  const typed = words.map(shellWord).join(" ");
  const parts = words.some((word) => word.startsWith("-"))
    ? [command, options, "--", typed]
    : [command, typed, options];
  return parts.filter((part) => part !== "").join(" ");
}
