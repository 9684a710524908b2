import { plainMarkdown } from "../../text/plain-markdown.ts";
import { oneLine } from "../../text/sanitize.ts";
import { readAt, type Handle } from "./open-file.ts";
import { decode } from "./decode.ts";
import type { Summary } from "./summary.ts";
import type { Hit, WordFinder } from "./words.ts";

/** A conversation that holds all words that were looked for. */
export interface Found {
  conversation: Summary;
  /** Which text holds most of the words: the latest one of those. */
  where: "title" | "question" | "answer";
  /** The text around one of them: one line without signs of Markdown and control sequences. */
  snippet: string;
  /** Where that word is in the snippet; undefined if it is only in a sign, such as an address. */
  at?: number;
  /** Number of questions and answers that hold a word; titles are not counted. */
  matches: number;
}

/** Characters on either side of a match in a snippet. */
const AROUND = 40;
/** Characters on either side in which signs of Markdown are looked for. */
const CONTEXT = 300;

function cutAround(
  text: string,
  { from, to }: Pick<Hit, "from" | "to">,
  around: number,
  longest: number,
): string {
  const start = Math.max(0, from - around);
  const end = Math.min(to + around, text.length, from + longest);
  const cut = text
    .slice(start, end)
    .replace(/^[\udc00-\udfff]/, "")
    .replace(/[\ud800-\udbff]$/, "");
  return `${start > 0 ? "…" : ""}${cut}${end < text.length ? "…" : ""}`;
}

function snippetOf(text: string, hit: Hit, finder: WordFinder): Pick<Found, "snippet" | "at"> {
  const plain = plainMarkdown(cutAround(text, hit, CONTEXT, 2 * CONTEXT));
  const there = finder.find(plain);
  const snippet = oneLine(
    there ? cutAround(plain, there, AROUND, 4 * AROUND) : cutAround(text, hit, AROUND, 4 * AROUND),
  );
  return { snippet: snippet.replace(/^……/, "…").replace(/……$/, "…"), at: finder.find(snippet)?.from };
}

/** Searches one conversation in all versions of its turns. */
export async function searchIn(
  conversation: Summary,
  { handle, size }: { handle: Handle; size: number },
  finder: WordFinder,
): Promise<Found | undefined> {
  const json = await readAt(handle, 0, size);
  if (!finder.mayBeIn(json)) return undefined;
  const words = new Set<number>();
  let best: { where: Found["where"]; text: string; hit: Hit } | undefined;
  let matches = 0;
  const look = (where: Found["where"], text: string) => {
    const hit = finder.find(text);
    if (hit === undefined) return;
    if (where !== "title") matches += 1;
    for (const word of hit.words) words.add(word);
    if (best === undefined || hit.words.size > best.hit.words.size) best = { where, text, hit };
  };
  for (const line of json.toString().split("\n").reverse())
    for (const decoded of decode(line).reverse()) {
      if (decoded.is !== "turn") continue;
      look("answer", decoded.answer);
      look("question", decoded.question);
    }
  look("title", conversation.title);
  if (best === undefined || words.size < finder.count) return undefined;
  const { where, text, hit } = best;
  return { conversation, where, ...snippetOf(text, hit, finder), matches };
}
