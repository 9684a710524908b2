/** Below U+0300 every character is a grapheme of its own, except a carriage return before a line feed. */
const SIMPLE = /^[\0-\f\x0e-\u02ff]*$/;

let intl: Intl.Segmenter | undefined;

/** `Intl.Segments` of text in which every UTF-16 unit is a grapheme. */
const simpleSegments = (input: string): Intl.Segments => ({
  containing(index = 0) {
    const segment = input[index];
    return segment === undefined ? undefined : { segment, index, input };
  },
  *[Symbol.iterator]() {
    for (let index = 0; index < input.length; index++) yield { segment: input.charAt(index), index, input };
    return undefined;
  },
});

/**
 * Graphemes as `Intl.Segmenter` finds them, which is made when a text needs it: that takes 17 ms. The build gives it to
 * Ink's packages too (`scripts/stand-ins.js`).
 */
export const segmenter: Pick<Intl.Segmenter, "segment"> = {
  segment: (text) =>
    SIMPLE.test(text) ? simpleSegments(text) : (intl ??= new Intl.Segmenter()).segment(text),
};
