// Widths against a terminal emulator.
import { eastAsianWidthType } from "get-east-asian-width";
import xterm from "@xterm/headless";
import { describe, expect, it } from "vitest";
import { width } from "../../../../src/tui/terminal/width.ts";

/** Where the emulator, whose tables are those of Unicode 6 and older, is wrong: the cells that Unicode 17 gives. */
const NEWER: [what: string, characters: RegExp, cells: number][] = [
  ["emoji", /^\p{Emoji_Presentation}$/u, 2],
  ["marks that are newer", /^[\p{Mn}\p{Me}]$/u, 0],
  ["Hangul tone marks, Jamo Extended-A", /^[\u302e\u302f\ua960-\ua97c]$/u, 2],
  ["trigrams and monograms, wide since Unicode 16", /^[\u2630-\u2637\u268a-\u268f\u{1d300}-\u{1d376}]$/u, 2],
  ["Tangut, Nushu, Khitan, Yi marks", /^[\u{16fe0}-\u{18df2}]$/u, 2],
  ["supplements of Kana", /^[\u{1aff0}-\u{1b2fb}]$/u, 2],
  ["enclosed ideographs and squared letters", /^[\u{1f18e}-\u{1f265}]$/u, 2],
  ["circled numbers, which are ambiguous", /^[\u3248-\u324f]$/u, 1],
  ["Hangul vowels and finals, which it joins to any letter", /^[\u1161-\u11ff]$/u, 1],
  ["a mark that became a symbol, and one that became a spacing mark", /^[\u06de\u1734]$/u, 1],
  ["Hangul fillers", /^[\u115f\u1160\u3164\uffa0]$/u, 0],
];

/** The cells that the emulator gives each text, after a letter. */
async function emulatorWidths(texts: readonly string[]): Promise<number[]> {
  const term = new xterm.Terminal({
    cols: 100,
    rows: texts.length + 1,
    allowProposedApi: true,
    convertEol: true,
  });
  await new Promise<void>((resolve) => term.write(texts.map((text) => `x${text}|\n`).join(""), resolve));
  return texts.map((_, y) => {
    const row = term.buffer.active.getLine(y);
    for (let x = 1; x < 100; x++) if (row?.getCell(x)?.getChars() === "|") return x - 1;
    throw new Error(`row ${y} has no mark`);
  });
}

const SCRIPTS = {
  Latin: "Zürich, naïve, e\u0301té",
  Greek: "Καλημέρα κόσμε",
  Cyrillic: "Привет, Україна, и\u0306",
  Hebrew: "שָׁלוֹם עולם",
  Arabic: "مَرْحَبًا بالعالم",
  Thai: "น้ำใจ ทำงาน สวัสดี กำ ก็",
  Lao: "ນ້ຳ ສະບາຍດີ ຄຳ",
  Devanagari: "नमस्ते क्षि हिन्दी",
  Bengali: "বাংলা ক্ষমা",
  Tamil: "தமிழ் வணக்கம்",
  Telugu: "తెలుగు క్షమ",
  Malayalam: "മലയാളം ഷ്ട്ര",
  Sinhala: "සිංහල ක්‍ෂ",
  Khmer: "ខ្មែរ ភាសា",
  Tibetan: "བོད་ཡིག",
  Georgian: "ქართული",
  Ethiopic: "አማርኛ",
  Hangul: "한국어 각 가 ㄱ",
  Kana: "カタカナ ﾊﾞﾝ か\u3099",
  Han: "漢字，你好。「」",
};

describe("the width of a text", () => {
  it.each(Object.entries(SCRIPTS))("in %s is that of the emulator, by word too", async (_, text) => {
    const parts = [text, ...text.split(" ")];
    expect(parts.map(width)).toEqual(await emulatorWidths(parts));
  });

  it("counts SARA AM as a cell of its own", () => {
    expect(["กำ", "น้ำ", "ຄຳ", "ນ້ຳ"].map(width)).toEqual([2, 2, 2, 2]);
  });

  it("is that of the emulator for each assigned character, or the one of Unicode where the emulator is too old", async () => {
    const wrong: string[] = [];
    const isNeeded = new Set<string>();
    for (let from = 0xa0; from < 0x2_0000; from += 0x1000) {
      const characters = Array.from({ length: 0x1000 }, (_, i) => from + i)
        .filter((code) => (code < 0xd800 || code > 0xf8ff) && code >= 0xa0)
        .map((code) => String.fromCodePoint(code))
        .filter((character) => /[\p{L}\p{M}\p{N}\p{P}\p{S}\p{Zs}]/u.test(character));
      const cells = await emulatorWidths(characters);
      for (const [i, character] of characters.entries()) {
        const counted = width(`x${character}`) - 1;
        if (counted === cells[i]) continue;
        const known = NEWER.find(([, names, right]) => names.test(character) && right === counted);
        if (known) isNeeded.add(known[0]);
        else wrong.push(`U+${character.codePointAt(0)?.toString(16)}: ${counted}, not ${cells[i]}`);
      }
    }
    expect(wrong).toEqual([]);
    expect(NEWER.map(([what]) => what).filter((what) => !isNeeded.has(what))).toEqual([]);
  });

  it("follows the East Asian width data at both ends of each of its ranges", () => {
    const wrong: string[] = [];
    const isWide = (code: number) => /^(wide|fullwidth)$/.test(eastAsianWidthType(code));
    for (let code = 0x21; code < 0x4_0000; code++) {
      if (isWide(code) === isWide(code - 1)) continue;
      for (const near of [code - 1, code]) {
        const character = String.fromCodePoint(near);
        const isNothing = /[\p{Mn}\p{Default_Ignorable_Code_Point}]/u.test(character);
        if (width(character) !== (isNothing ? 0 : isWide(near) ? 2 : 1)) wrong.push(near.toString(16));
      }
    }
    expect(wrong).toEqual([]);
  });

  it("is two cells for emoji of any kind", () => {
    const skin = ["🏻", "🏼", "🏽", "🏾", "🏿"];
    const flags = ["DE", "TH", "LA", "US"].map((country) =>
      Array.from(country, (letter) => String.fromCodePoint(0x1f1a5 + letter.charCodeAt(0))).join(""),
    );
    const joined = ["👨‍👩‍👧", "👩‍🚀", "🏳️‍🌈", "🧑🏿‍🤝‍🧑🏻", "❤️‍🔥", "🏴󠁧󠁢󠁥󠁮󠁧󠁿"];
    const emoji = [...skin.map((tone) => `👍${tone}`), ...flags, ...joined, "1️⃣", "☝️", "©️", "⏰"];
    expect(emoji.filter((one) => width(one) !== 2)).toEqual([]);
  });
});
