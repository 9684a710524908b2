import type { Turn } from "../protocol/bodies.ts";
import { splitSummary } from "../client/conversations/summarized.ts";

const RULES =
  "The AI will go on with the conversation and see nothing of it but your summary. Keep what the user wants, what was found " +
  "and decided and why, every name, number, file and piece of code that is still needed, and what is open. Write the summary " +
  "alone, in the language of the conversation, in at most 800 words.";

/** Characters of a part below which a summary is of no use. */
const LEAST_PART = 500;
/** Characters for the numbers of a part, as they are in `partRequest`. */
const NUMBERS = 100;

const adds = (words: string) => (words === "" ? "" : ` The user says what matters most: ${words}`);

const partRequest = (part: string, at: number, count: number, words: string): string => {
  const which = count === 1 ? "" : ` It is long: this is part ${at + 1} of ${count}.`;
  return `Sum up this conversation between a user and an AI.${which} ${RULES}${adds(words)}\n\n${part}`;
};

/** Asks for one summary of those of all parts. */
export const joinRequest = (summaries: readonly string[], words: string): string => {
  const what = `These are summaries of the ${summaries.length} parts of a conversation between a user and an AI, in order.`;
  return `${what} Make one summary of them. ${RULES}${adds(words)}\n\n${summaries.join("\n\n---\n\n")}`;
};

/**
 * The messages that ask for summaries of all turns, in parts of which each has at most `most` characters with all that it
 * says; undefined if that is too little for any. A summary among the turns is part of the text.
 */
export function partRequests(turns: readonly Turn[], words: string, most: number): string[] | undefined {
  const room = most - partRequest("", 0, 1, words).length - NUMBERS;
  if (room < LEAST_PART) return undefined;
  const { summary, rest } = splitSummary(turns);
  const [, before] = summary;
  const texts = rest.map(({ role, content }) => `${role === "user" ? "User" : "AI"}:\n${content}`);
  const parts = packed(before ? [`Summary of what was before:\n${before.content}`, ...texts] : texts, room);
  return parts.map((part, at) => partRequest(part, at, parts.length, words));
}

/** Texts joined to parts of at most `most` UTF-16 units, of which a text has no fewer than characters. */
function packed(texts: readonly string[], most: number): string[] {
  const parts: string[] = [];
  for (const text of texts)
    for (const slice of slices(text.toWellFormed(), most)) {
      const last = parts.at(-1);
      if (last !== undefined && last.length + 2 + slice.length <= most)
        parts[parts.length - 1] = `${last}\n\n${slice}`;
      else parts.push(slice);
    }
  return parts;
}

function* slices(text: string, most: number): Generator<string> {
  for (let from = 0; from < text.length;) {
    const end = Math.min(text.length, from + most);
    // Not within a surrogate pair.
    const to = end < text.length && /[\ud800-\udbff]/.test(text[end - 1] ?? "") ? end - 1 : end;
    yield text.slice(from, to);
    from = to;
  }
}
