import { oneLine, plainText } from "../../text/sanitize.ts";

/** Most characters of an upstream's words in the log. */
const LONGEST = 500;
/** So many characters of a chat in a row are recognized. */
const RUN = 12;

/** An upstream's words for the operator's log, on one line; `texts` are those of the conversation. */
export type Quote = (words: string, texts: string[]) => string;

/** Replaces each of the secrets by a mark. */
export function createRedaction(secrets: string[]): (text: string) => string {
  // A short one may be contained in a longer one.
  const known = secrets.filter((secret) => secret !== "").sort((a, b) => b.length - a.length);
  return (text) => known.reduce((left, secret) => left.replaceAll(secret, "[secret]"), text);
}

/**
 * Quotes at most {@link LONGEST} characters. Each of the secrets, and each run of {@link RUN} characters or more of the
 * texts, is replaced by a mark, also where JSON escapes its characters.
 */
export function createQuote(secrets: string[]): Quote {
  const redact = createRedaction(withUnescaped(secrets));
  return (words, texts) => {
    const line = oneLine(redact(unescaped(words)), LONGEST);
    const chat = withUnescaped(texts).map((text) => plainText(text).replaceAll(/\s+/g, " "));
    return withoutRuns(line, chat.join("\n"));
  };
}

const ESCAPES: Record<string, string> = { n: "\n", r: "\r", t: "\t" };

const unescaped = (text: string) =>
  text
    .replaceAll(/\\u([0-9a-f]{4})/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
    .replaceAll(/\\(.)/g, (_, character: string) => ESCAPES[character] ?? character);

/** An upstream may repeat a text that holds backslashes as it is. */
const withUnescaped = (texts: string[]) => [...texts, ...texts.map(unescaped)];

/** Replaces what `line` has in common with `text`. */
function withoutRuns(line: string, text: string): string {
  let quoted = "";
  let at = 0;
  while (at < line.length) {
    let end = at;
    while (end + RUN <= line.length && text.includes(line.slice(end, end + RUN))) end += 1;
    if (end > at) {
      quoted += "[chat]";
      at = end + RUN - 1;
    } else {
      quoted += line[at];
      at += 1;
    }
  }
  return quoted;
}
