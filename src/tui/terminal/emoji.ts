let emoji: { test(text: string): boolean } | undefined;

/**
 * Tells whether a grapheme is an emoji (`RGI_Emoji` of Unicode), as string-width asks; the build gives it to that package
 * (`scripts/stand-ins.js`). The expression takes 12 ms to make, so it is made when it is needed: no character alone below
 * U+231A is one.
 */
export const rgiEmoji = {
  test: (grapheme: string): boolean =>
    (grapheme.length > 1 || grapheme >= "\u231a") &&
    (emoji ??= new RegExp(String.raw`^\p{RGI_Emoji}$`, "v")).test(grapheme),
};
