import { ClientError } from "../failure.ts";
import { oneLine } from "../../text/sanitize.ts";
import type { SavedTurn } from "./saved-turn.ts";
import type { Summary } from "./summary.ts";

/** A conversation with a match. */
export interface Found {
  conversation: Summary;
  /** Where the newest match is. */
  where: "title" | "question" | "answer";
  /** The text around it: one line without control sequences. */
  snippet: string;
  /** Number of questions and answers with a match; titles are not counted. */
  matches: number;
}

/** Characters on either side of a match in a snippet. */
const AROUND = 40;

/** Finds the first match in a text: where it begins and ends. */
export type Finder = (text: string) => { text: string; from: number; to: number } | undefined;

const escaped = (word: string) => word.replaceAll(/[\\^$.*+?()[\]{}|/]/g, "\\$&");

/** Ignores case, the composition of accents and the kind of white space. Throws for an empty text. */
export function createFinder(query: string): Finder {
  const words = query.toWellFormed().normalize("NFC").trim().split(/\s+/);
  if (words[0] === "")
    throw new ClientError("usage", "There is nothing to search for.", { remedy: { kind: "give_text" } });
  const pattern = new RegExp(words.map(escaped).join("\\s+"), "iu");
  return (raw) => {
    const text = raw.normalize("NFC");
    const match = pattern.exec(text);
    return match ? { text, from: match.index, to: match.index + match[0].length } : undefined;
  };
}

function snippetOf({ text, from, to }: { text: string; from: number; to: number }): string {
  const start = Math.max(0, from - AROUND);
  const end = Math.min(to + AROUND, text.length, from + 4 * AROUND);
  const cut = oneLine(
    text
      .slice(start, end)
      .replace(/^[\udc00-\udfff]/, "")
      .replace(/[\ud800-\udbff]$/, ""),
  );
  return `${start > 0 ? "…" : ""}${cut}${end < text.length ? "…" : ""}`;
}

/** Searches one conversation, newest turn first. */
export async function searchIn(
  conversation: Summary,
  newestFirst: AsyncIterable<SavedTurn>,
  find: Finder,
): Promise<Found | undefined> {
  let best: Omit<Found, "matches" | "conversation"> | undefined;
  let matches = 0;
  for await (const turn of newestFirst) {
    for (const where of ["answer", "question"] as const) {
      const match = find(turn[where]);
      if (!match) continue;
      matches += 1;
      best ??= { where, snippet: snippetOf(match) };
    }
  }
  const inTitle = find(conversation.title);
  if (!best && inTitle) best = { where: "title", snippet: snippetOf(inTitle) };
  return best && { conversation, ...best, matches };
}
