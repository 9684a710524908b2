import { expect, test } from "vitest";
import { rgiEmoji } from "../../../../src/tui/terminal/emoji.ts";

const expression = new RegExp(String.raw`^\p{RGI_Emoji}$`, "v");

test("each character is an emoji where the expression says so", () => {
  const wrong: number[] = [];
  for (let code = 0; code < 0x1_fb00; code++) {
    const character = String.fromCodePoint(code);
    // V8 takes long for each if a process has much compiled code. No other character is an emoji, by Unicode's definition.
    if (!/\p{Emoji}/u.test(character) && code % 64 !== 0) continue;
    if (rgiEmoji.test(character) !== expression.test(character)) wrong.push(code);
  }
  expect(wrong).toEqual([]);
});

test.each(["©️", "👩‍🚀", "🇩🇪", "1️⃣", "é", "ab"])("%s is one where the expression says so", (grapheme) => {
  expect(rgiEmoji.test(grapheme)).toBe(expression.test(grapheme));
});
