/** How a character that roff would take for something else is written; and ASCII for what few fonts have. */
const escapes: Record<string, string> = {
  "\\": "\\e",
  "-": "\\-",
  "'": "\\(aq",
  "`": "\\(ga",
  '"': "\\(dq",
  "^": "\\(ha",
  "~": "\\(ti",
  "…": "...",
};

/**
 * Text as roff prints it (groff_char(7), man-pages(7)): backslashes, hyphens that are typed, quotes; no line of it
 * is taken for a request, whatever it begins with.
 */
export function plain(text: string): string {
  const escaped = text
    .replaceAll(/\s+/g, " ")
    .replaceAll(/[\\\-'`"^~…]/g, (char) => escapes[char] ?? char)
    .replaceAll(
      /[^\x20-\x7e]/gu,
      (char) => `\\[u${(char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}]`,
    );
  return escaped.startsWith(".") ? `\\&${escaped}` : escaped;
}

/** Text in bold. */
export const bold = (text: string): string => `\\fB${plain(text)}\\fR`;

/** A section; `title` in capitals. */
export const section = (title: string): string => `.SH ${title}`;

/** A part of a section. */
export const subsection = (title: string): string => `.SS "${plain(title)}"`;

/** Text on lines that people can read in the source too; roff fills them anew. */
function filled(text: string): string {
  const lines: string[] = [];
  for (const word of text.split(" ").map(plain)) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > 78) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines.join("\n");
}

/** A paragraph of text. */
export const paragraph = (text: string): string => `.PP\n${filled(text)}`;

/** A term, already in roff, and what it means. */
export const entry = (term: string, text: string): string => `.TP\n${term}\n${filled(text)}`;
