/** The words of a `grant` as they can be typed. After `--`, for a name that begins with a dash, no option can follow. */
export function grantWords(username: string, tokens: number, options = ""): string {
  const words = `${username.startsWith("-") ? "-- " : ""}${username} ${tokens}`;
  return ["grant", ...(username.startsWith("-") ? [options, words] : [words, options])]
    .filter((part) => part !== "")
    .join(" ");
}
