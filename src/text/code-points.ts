/** How many Unicode code points a text has, counted without making an array of them: it may be megabytes. */
export function codePoints(text: string): number {
  let count = 0;
  for (let at = 0; at < text.length; count += 1) at += text.codePointAt(at)! > 0xffff ? 2 : 1;
  return count;
}

/** Whether a text has more than `most` code points; most texts are told without counting. */
export const hasMore = (text: string, most: number): boolean => text.length > most && codePoints(text) > most;
