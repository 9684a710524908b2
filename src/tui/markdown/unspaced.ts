/** Scripts without spaces between words, of which ICU has dictionaries. */
const UNSPACED = /[\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}\p{sc=Myanmar}]/u;
/** In parts, because the time of Node 20's Intl.Segmenter grows faster than linearly. */
const RUNS = /([\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}\p{sc=Myanmar}]{1,500})/u;

let intl: Intl.Segmenter | undefined;

/** Whether a text has words that no space divides. */
export const hasUnspaced = (text: string): boolean => UNSPACED.test(text);

/**
 * A text without spaces in the parts between which a line may break: before each word of such a script but the first of a
 * run. What is no word, such as a full stop, stays behind the one before.
 */
export function unspacedParts(text: string): string[] {
  intl ??= new Intl.Segmenter("th", { granularity: "word" });
  const parts = [""];
  for (const run of text.split(RUNS))
    for (const { segment, index, isWordLike } of hasUnspaced(run) ? intl.segment(run) : [wholeOf(run)]) {
      if (index > 0 && isWordLike === true) parts.push(segment);
      else parts[parts.length - 1] += segment;
    }
  return parts;
}

const wholeOf = (segment: string) => ({ segment, index: 0, isWordLike: false });
