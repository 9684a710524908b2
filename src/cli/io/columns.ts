/** Columns that text for people is laid out for, whatever the terminal has. */
export const WIDTH = 80;

/** Words on lines of at most `width` characters. */
export function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}

/** Two columns; what doesn't fit beside a long left entry goes on its own line. */
export function columns(rows: readonly (readonly [string, string])[], left: number): string[] {
  const gap = " ".repeat(left + 2);
  return rows.flatMap(([term, text]) => {
    const lines = wrapped(text, WIDTH - left - 2);
    const [first = "", ...more] = lines;
    const under = more.map((line) => gap + line);
    if (term.length > left - 1) return [`  ${term}`, gap + first, ...under];
    return [`  ${term.padEnd(left)}${first}`, ...under];
  });
}
