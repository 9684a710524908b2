/**
 * Integers with so many digits that a double may not hold them; outside of strings. Not those beyond its range, as
 * `hasUnsafe` doesn't find them either: a bigint of a million digits takes a second to read, and two to write.
 */
const LONG = /(?<![\d.eE+-])-?[1-9]\d{15,307}(?![\d.eE])/g;

/**
 * As `JSON.parse`, but an integer that is not safe as a number becomes a bigint. Throws `RangeError` if the text has more
 * levels than the stack.
 */
export function parseExact(text: string): unknown {
  const value = JSON.parse(text) as unknown;
  if (!hasUnsafe(value)) return value;
  // Known to nobody outside: no string of the text begins like it.
  const mark = crypto.randomUUID();
  const marked = outsideStrings(text, (part) =>
    part.replace(LONG, (digits) => (Number.isSafeInteger(Number(digits)) ? digits : `"${mark}${digits}"`)),
  );
  return unmarked(JSON.parse(marked), mark);
}

/** Without looking at the text, which takes longer. */
function hasUnsafe(value: unknown): boolean {
  if (typeof value === "number") return Number.isInteger(value) && !Number.isSafeInteger(value);
  return typeof value === "object" && value !== null && Object.values(value).some(hasUnsafe);
}

/** In place. A function that JSON.parse calls for each value takes ten times as long. */
function unmarked(value: unknown, mark: string): unknown {
  if (typeof value === "string") return value.startsWith(mark) ? BigInt(value.slice(mark.length)) : value;
  if (typeof value !== "object" || value === null) return value;
  const members = value as Record<string, unknown>;
  for (const name of Object.keys(members)) members[name] = unmarked(members[name], mark);
  return value;
}

/** As `JSON.stringify`, which throws at a bigint; here it becomes a number again. */
export function stringifyExact(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch {
    // Not at once: a function that is called for each value takes ten times as long.
    const mark = crypto.randomUUID();
    const marked = JSON.stringify(value, (_, value: unknown) =>
      typeof value === "bigint" ? `${mark}${value}` : value,
    );
    return marked.replaceAll(new RegExp(`"${mark}(-?\\d+)"`, "g"), "$1");
  }
}

/** Changes what is between the strings of valid JSON. */
function outsideStrings(text: string, change: (part: string) => string): string {
  const parts: string[] = [];
  let at = 0;
  for (let start = text.indexOf('"'); start !== -1; start = text.indexOf('"', at)) {
    parts.push(change(text.slice(at, start)));
    at = endOfString(text, start) + 1;
    parts.push(text.slice(start, at));
  }
  return parts.join("") + change(text.slice(at));
}

function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (isEscaped(text, end)) end = text.indexOf('"', end + 1);
  return end;
}

function isEscaped(text: string, at: number): boolean {
  let from = at;
  while (text[from - 1] === "\\") from -= 1;
  return (at - from) % 2 === 1;
}
