/** The words of a `grant` as they can be typed; behind `--`, where a name begins with a dash, stands no option. */
export function grantWords(username: string, tokens: number, options = ""): string {
  const words = `${username.startsWith("-") ? "-- " : ""}${username} ${tokens}`;
  return ["grant", ...(username.startsWith("-") ? [options, words] : [words, options])]
    .filter((part) => part !== "")
    .join(" ");
}
