/** A place in a text; both count from 1, `column` in UTF-16 code units. */
export interface TextPlace {
  line: number;
  column: number;
}

/** The value of a JSON text with the names that an object has twice; or where the text stops being JSON. */
export type Scanned =
  | { value: unknown; doubled: readonly (TextPlace & { path: string })[] }
  | { broken: TextPlace };

const WHITE = /[ \t\n\r]*/y;
const STRING = /"(?:[^"\\\0-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const SCALAR = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;
/** Objects and lists inside each other. */
const DEEPEST = 100;

class Broken extends Error {}

function placeAt(text: string, at: number): TextPlace {
  const lines = text.slice(0, at).split("\n");
  return { line: lines.length, column: lines.at(-1)!.length + 1 };
}

/**
 * Parses JSON that a person wrote. JSON.parse keeps the last of two values of one name, and its messages have no line
 * and quote the text, which may hold a secret. `path` is as in `models[1].price`.
 */
export function scanJson(text: string): Scanned {
  let at = 0;
  const doubled: (TextPlace & { path: string })[] = [];

  const take = (pattern: RegExp): string => {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (!found) throw new Broken();
    at = pattern.lastIndex;
    return found[0];
  };
  const taken = (character: string): boolean => {
    take(WHITE);
    if (text[at] !== character) return false;
    at += 1;
    return true;
  };
  const must = (character: string) => {
    if (!taken(character)) throw new Broken();
  };
  /** What stands between commas, up to `end`. */
  const each = (end: string, item: (index: number) => void) => {
    if (taken(end)) return;
    let index = 0;
    do item(index++);
    while (taken(","));
    must(end);
  };
  const value = (path: string, depth: number): void => {
    take(WHITE);
    if (depth > DEEPEST) throw new Broken();
    if (taken("[")) each("]", (index) => value(`${path}[${index}]`, depth + 1));
    else if (taken("{")) members(path, depth);
    else take(text[at] === '"' ? STRING : SCALAR);
  };
  const members = (path: string, depth: number) => {
    const names = new Set<string>();
    each("}", () => {
      take(WHITE);
      const start = at;
      const name = JSON.parse(take(STRING)) as string;
      const inside = path === "" ? name : `${path}.${name}`;
      if (names.has(name)) doubled.push({ ...placeAt(text, start), path: inside });
      names.add(name);
      must(":");
      value(inside, depth + 1);
    });
  };

  try {
    value("", 0);
    take(WHITE);
    if (at < text.length) throw new Broken();
  } catch (error) {
    if (error instanceof Broken) return { broken: placeAt(text, at) };
    throw error;
  }
  return { value: JSON.parse(text) as unknown, doubled };
}
