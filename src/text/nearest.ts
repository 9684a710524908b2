/** Characters of a typed text that are compared: it may be a pasted one of a million. */
const LONGEST = 40;

/** The name that is nearest to what was typed, if it is near enough to have been meant. */
export function nearest<T extends string>(typed: string, names: readonly T[]): T | undefined {
  const word = typed.toLowerCase().slice(0, LONGEST);
  const best = names
    .map((name) => ({ name, far: word.length >= 3 && name.startsWith(word) ? 0 : edits(word, name) }))
    .sort((a, b) => a.far - b.far)[0];
  if (!best) return undefined;
  return best.far <= Math.max(1, Math.floor(Math.min(word.length, best.name.length) / 2.5))
    ? best.name
    : undefined;
}

/**
 * How many letters to insert, drop, change or swap with their neighbour make one word another (the optimal string
 * alignment distance). Takes the product of both lengths: for words that were typed, not for texts.
 */
function edits(a: string, b: string): number {
  const rows = Array.from({ length: a.length + 1 }, (_, i) => [i, ...Array<number>(b.length).fill(0)]);
  const at = (i: number, j: number) => rows[i]?.[j] ?? 0;
  for (let j = 0; j <= b.length; j += 1) rows[0]![j] = j;
  for (let i = 1; i <= a.length; i += 1)
    for (let j = 1; j <= b.length; j += 1) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      let least = Math.min(at(i - 1, j) + 1, at(i, j - 1) + 1, at(i - 1, j - 1) + same);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        least = Math.min(least, at(i - 2, j - 2) + 1);
      rows[i]![j] = least;
    }
  return at(a.length, b.length);
}
