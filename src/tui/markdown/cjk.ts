const CJK =
  /[\u1100-\u11ff\u2e80-\u303e\u3040-\ua4cf\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef]|[\ud840-\ud8bf][\udc00-\udfff]/;
const PUNCTUATION = /^(?![*_~])[\p{P}\p{S}]$/u;
const LAST = /[^]$/u;
const FIRST = /^[^]/u;

/** Whether a text has a Chinese, Japanese or Korean character, their punctuation included. */
export const hasCjk = (text: string): boolean => CJK.test(text);

/**
 * A source of which only the places of marks matter, with letters instead of the punctuation between a mark and CJK text.
 * In CommonMark a mark beside punctuation needs a space or more punctuation on its other side, and such text has no spaces:
 * `**注意：**这是` would not be bold.
 */
export function withoutPunctuationBesideMarks(source: string): string {
  if (!hasCjk(source)) return source;
  const units = source.split("");
  for (const { 0: marks, index } of source.matchAll(/[*~]+/g)) {
    const end = index + marks.length;
    const before = LAST.exec(source.slice(Math.max(0, index - 2), index))?.[0] ?? "";
    const after = FIRST.exec(source.slice(end, end + 2))?.[0] ?? "";
    if (!hasCjk(before) && !hasCjk(after)) continue;
    if (PUNCTUATION.test(before)) units.fill("a", index - before.length, index);
    if (PUNCTUATION.test(after)) units.fill("a", end, end + after.length);
  }
  return units.join("");
}
