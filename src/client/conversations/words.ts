/** Where words are in a text. */
export interface Hit {
  /** Which of the words are in it, from 0 on. */
  words: ReadonlySet<number>;
  /** The first place of the first of them. */
  from: number;
  to: number;
}

/** Finds words in texts: as parts of longer words too, in any order, whatever their case and their accents. */
export interface WordFinder {
  /** The number of words. */
  readonly count: number;
  find(text: string): Hit | undefined;
  /** False only if the texts in this JSON do not hold all words. Many times faster than to decode and parse it. */
  mayBeIn(json: Buffer): boolean;
}

/** Accents of Latin, Greek and Cyrillic letters, points of Hebrew, vowel signs of Arabic. */
const ACCENTS = "[\\u0300-\\u036f\\u0591-\\u05bd\\u05bf\\u05c1\\u05c2\\u064b-\\u065f]";
const accents = new RegExp(ACCENTS, "gu");

/** The letter without case and accent: one code point. */
function folded(letter: string): string {
  const apart = letter.normalize("NFD");
  const bare = apart.search(accents) < 0 ? letter : apart.replaceAll(accents, "");
  const lower = bare.toUpperCase().toLowerCase();
  return lower.length === bare.length ? lower : bare.toLowerCase();
}

/** Latin, Greek and Cyrillic letters: those with accents are in these blocks. */
const BLOCKS: readonly [from: number, to: number][] = [
  [0x41, 0x24f],
  [0x370, 0x52f],
  [0x1e00, 0x1fff],
];

let variants: Map<string, string[]> | undefined;

/** The letters that differ from others only in case and accent, by what they are without. */
function variantsOf(letter: string): string[] {
  if (variants === undefined) {
    variants = new Map();
    for (const [from, to] of BLOCKS)
      for (let code = from; code <= to; code += 1) {
        const one = String.fromCodePoint(code);
        const base = folded(one);
        const known = variants.get(base);
        if (known) known.push(one);
        else variants.set(base, [one]);
      }
  }
  return [...new Set([...(variants.get(letter) ?? []), letter, letter.toUpperCase()])].filter(
    (one) => Array.from(one).length === 1,
  );
}

const escaped = (letter: string) => letter.replace(/[\\^$.*+?()[\]{}|/-]/, "\\$&");

const classOf = (letters: readonly string[]) => `[${letters.map(escaped).join("")}]`;

/** A class of letters for each letter, after which accents may stand that are characters of their own. */
function patternOf(word: string): RegExp {
  const classes = Array.from(word, (letter) => classOf(variantsOf(folded(letter))));
  return new RegExp(classes.map((one) => `${one}${ACCENTS}*`).join(""), "u");
}

/**
 * The same for the bytes of UTF-8, read as Latin-1, which costs little. Also matches some other words: of a letter beyond
 * ASCII only the first byte is heeded.
 */
function bytePatternOf(word: string): RegExp {
  const firstByte = (letter: string) => `\\x${Buffer.from(letter).subarray(0, 1).toString("hex")}`;
  const classes = Array.from(word, (letter) => new Set(variantsOf(folded(letter)).map(firstByte)));
  return new RegExp(classes.map((bytes) => `[${[...bytes].join("")}][\\x80-\\xff]*`).join(""));
}

/** undefined for a text without words: blank, or accents alone. */
export function createWordFinder(query: string): WordFinder | undefined {
  const plain = query.toWellFormed().normalize("NFC").replaceAll(accents, "");
  const words = plain.split(/\s+/).filter((word) => word !== "");
  if (words.length === 0) return undefined;
  const patterns = words.map(patternOf);
  // JSON writes these signs otherwise.
  const inJson = words.filter((word) => !/["\\]/.test(word)).map(bytePatternOf);
  return {
    count: words.length,
    find(text) {
      const found = new Set<number>();
      let [from, to] = [0, 0];
      for (const [at, pattern] of patterns.entries()) {
        const match = pattern.exec(text);
        if (match === null) continue;
        if (found.size === 0) [from, to] = [match.index, match.index + match[0].length];
        found.add(at);
      }
      return found.size === 0 ? undefined : { words: found, from, to };
    },
    mayBeIn: (json) => {
      const bytes = json.toString("latin1");
      return inJson.every((pattern) => pattern.test(bytes));
    },
  };
}
