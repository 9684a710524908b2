const WORDS = new Map([
  ["length", "cut at the model's limit"],
  ["content_filter", "cut by the AI's content filter"],
]);

/** What to say of an answer that looks whole and is not, by why the AI ended; undefined for a whole one. */
export const cutWords = (finish: string | undefined): string | undefined =>
  finish === undefined ? undefined : WORDS.get(finish);
