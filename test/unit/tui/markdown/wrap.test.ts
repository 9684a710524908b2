import { describe, expect, it } from "vitest";
import { wrapCell, wrapSpans } from "../../../../src/tui/markdown/wrap.ts";
import { spanText } from "../../../../src/tui/markdown/span.ts";
import { width } from "../../../../src/tui/terminal/width.ts";

const wrapped = (text: string, cells: number) =>
  wrapSpans([{ text, style: "" }], cells).map((line) => spanText(line));

describe("text of a script without spaces between words", () => {
  it.each([
    ["Thai", "ภาษาไทยเป็นภาษาที่มีระดับเสียงของคำแน่นอนและมีพยัญชนะต่างๆ"],
    ["Lao", "ພາສາລາວເປັນພາສາທາງການຂອງສາທາລະນະລັດປະຊາທິປະໄຕ"],
    ["Khmer", "ភាសាខ្មែរជាភាសាផ្លូវការរបស់ព្រះរាជាណាចក្រកម្ពុជា។"],
    ["Burmese", "မြန်မာဘာသာစကားသည်မြန်မာနိုင်ငံ၏ရုံးသုံးဘာသာစကားဖြစ်သည်။"],
  ])("is wrapped between words: %s", (_, text) => {
    const lines = wrapped(text, 20);
    expect(lines.length).toBeGreaterThan(1);
    expect(lines.join("")).toBe(text);
    for (const line of lines) expect(width(line)).toBeLessThanOrEqual(20);
    const words = [...new Intl.Segmenter("en", { granularity: "word" }).segment(text)];
    const starts = new Set(words.filter(({ isWordLike }) => isWordLike).map(({ index }) => index));
    let at = 0;
    for (const line of lines) {
      expect(starts).toContain(at);
      at += line.length;
    }
  });

  it("stays beside the text of another script, and keeps its spaces", () => {
    expect(wrapped("(ภาษาไทย)v2 ภาษาไทย", 6)).toEqual(["(ภาษา", "ไทย)v2", "ภาษา", "ไทย"]);
  });

  it("is cut in a narrow column only where a word is longer", () => {
    const cell = wrapCell([{ text: "ภาษาไทย", style: "" }], 5).map((line) => spanText(line));
    expect(cell).toEqual(["ภาษา", "ไทย"]);
  });

  it("is whole whatever its length", () => {
    const text = "ภาษาไทย".repeat(1000);
    expect(wrapped(text, 30).join("")).toBe(text);
  });
});
