// The questions of a long session, and the answer that its AI gives to each: the same one each time.

/** @param {number} n */
export const questionOf = (n) => `question ${n}: what is it?`;

/** The number of a question; undefined if it is none of these. @param {string} text */
export function numberOf(text) {
  const n = /^question (\d+): /.exec(text)?.[1];
  return n === undefined ? undefined : Number(n);
}

const blocks = [
  "It is **so**, and *not* otherwise: see `its code` and [a page](https://example.org/).",
  "```js\nconst it = () => ({ is: true });\nit();\n```",
  "- one thing\n- another thing\n  1. and a part of it",
  "| thing | count |\n|---|---|\n| one | 1 |\n| 日本語 | 22 |",
  "> Somebody said it, 日本語 and 👩‍🔬 in the same line.",
  "A long line, longer than most windows are wide: " + "and so on, ".repeat(20),
];

/** The pieces of its answer, in Markdown. @param {string} question */
export function answerOf(question) {
  const n = numberOf(question) ?? 0;
  const text = [`Answer ${n}`, ...blocks.slice(n % blocks.length), `End of ${n}.`].join("\n\n");
  return text.match(/[^]{1,24}/gu) ?? [];
}
