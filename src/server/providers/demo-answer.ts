import { counted } from "../../text/numbers.ts";
import type { Message } from "../core/provider.ts";

const QUOTE_CHARACTERS = 60;
/** UTF-16 code units that are segmented at a time. */
const WINDOW = 256;
const segmenter = new Intl.Segmenter("en");

const REMINDER =
  "*(This is the built-in demo, not an AI. In a session, `/connect` shows how to connect one, and costs nothing.)*";

/** Markdown that depends on the last question and on the number of questions before it. Never blank. */
export function demoAnswer(messages: Message[]): string {
  const turns = messages.filter(({ role }) => role === "user");
  const { content: question = "", images = [] } = turns.at(-1) ?? {};
  const earlier = Math.max(0, turns.length - 1);
  const [, write] = topics.find(([pattern]) => pattern.test(question)) ?? topics.at(-1)!;
  const seen =
    images.length === 0 ? "" : `You sent ${counted(images.length, "image")}. A real model would look.\n\n`;
  return `${seen}${write(question, earlier)}\n\n${REMINDER}`;
}

const introduce = (_question: string, earlier: number) =>
  `I am the **demo** of this chat server: no AI, but everything around me is real. ${soFar(earlier)}

- Say \`hello\`, ask for some \`code\`, or type anything: I answer in Markdown.
- Each answer costs tokens, mine too; the server keeps the books.
- A stopped answer stops at once.`;

const greet = (_question: string, earlier: number) =>
  earlier === 0
    ? "Hello! Nice to meet you. Ask me something, or type `/help` in the session."
    : `Hello again! ${soFar(earlier)}`;

const thank = (_question: string, earlier: number) => `You are welcome! ${soFar(earlier)}`;

const code = (question: string) => `You wrote ${quote(question)}. Here is code that counts its words:

\`\`\`js
const question = ${JSON.stringify(excerpt(question))};
console.log(question.split(" ").length); // ${excerpt(question).split(" ").length}
\`\`\``;

const ask = (question: string, earlier: number) =>
  `A good question: ${quote(question)} A real model would know more than I do. What I can tell:

${facts(question, earlier)}`;

const remark = (question: string, earlier: number) =>
  `You wrote ${quote(question)}. What I can tell about it:

${facts(question, earlier)}`;

function facts(question: string, earlier: number): string {
  const words = question.split(/\s+/).filter((word) => word !== "");
  const longest = words.map(bare).reduce((best, word) => (word.length > best.length ? word : best), "");
  return [
    `- It has ${counted(words.length, "word")} and ${counted([...characters(question)].length, "character")}.`,
    ...(words.length > 1 && longest !== "" ? [`- Its longest word is \`${excerpt(longest)}\`.`] : []),
    `- ${soFar(earlier)}`,
  ].join("\n");
}

/** A word without the punctuation around it. */
const bare = (word: string) => word.replace(/^[^\p{L}\p{N}]+|[^\p{L}\p{M}\p{N}]+$/gu, "");

function soFar(earlier: number): string {
  return earlier === 0
    ? "This is the first question of our conversation."
    : `I remember ${counted(earlier, "earlier question")} of this conversation.`;
}

const quote = (text: string) => `“${excerpt(text)}”`;

/** Short, on one line, and without backticks, which would end inline code. */
function excerpt(text: string): string {
  const shown: string[] = [];
  for (const character of characters(text.replace(/[`\s\p{Cc}]+/gu, " ").trim()))
    if (shown.push(character) > QUOTE_CHARACTERS)
      return `${shown
        .slice(0, QUOTE_CHARACTERS - 1)
        .join("")
        .trimEnd()}…`;
  return shown.join("");
}

/**
 * Characters as a person counts them: an emoji of several code points is one. Segments a window at a time: on Node 20 the
 * time grows with the square of the text's length, and blocks every other request.
 */
function* characters(text: string): Generator<string, void, undefined> {
  for (let from = 0; from < text.length;) {
    const found = Array.from(segmenter.segment(text.slice(from, from + WINDOW)), ({ segment }) => segment);
    // The last character may continue after the window.
    if (from + WINDOW < text.length && found.length > 1) found.pop();
    yield* found;
    from += found.reduce((length, character) => length + character.length, 0);
  }
}

/**
 * Kinds of questions; the first match counts, and the last matches everything. A question may have 100,000 characters, so
 * no two adjacent repetitions may match the same character: backtracking would block the server.
 */
const topics: [RegExp, (question: string, turns: number) => string][] = [
  [/\b(what can you do|who are you|are you (an ai|real))\b/i, introduce],
  [/^\W*(hi|hello|hey|hallo|moin|servus|hola|bonjour|ciao|good (morning|afternoon|evening))\b/i, greet],
  [/\b(thanks|thank you|danke|merci|gracias)\b/i, thank],
  [/\b(code|function|script|program|javascript|typescript|python)\b/i, code],
  [/\?\s*$/, ask],
  [/[^]*/, remark],
];
