import { truncate } from "./markdown/hard-wrap.ts";
import { glyphs } from "./markdown/display.ts";
import { width } from "./terminal/width.ts";
import { counted, grouped } from "../text/numbers.ts";
import { PRICE } from "../protocol/limits.ts";
import { questionsLeft, type Money } from "../session/money.ts";

/** What the status line shows. */
export interface Status extends Money {
  /** null before logging in. */
  username: string | null;
  signedIn: boolean;
  server: string;
  model: string | null;
  /** What the server's default costs. */
  offered: Pick<Money, "price">;
  /** Of the conversation. */
  title: string | null;
}

/** On a narrower screen the balance comes first, because the right end is cut off. */
const NARROW = 60;
/** Fewest cells for a title. */
const SHORTEST_TITLE = 8;

/**
 * `jane@chat.school.org · 3,900 tokens · 39 questions · gpt-4o-mini`; under 60 columns balance, user, model. At most
 * `columns` − 1 wide: parts that don't fit are left out, the last ones first; the
 * title is truncated.
 */
export function statusLine(status: Status, columns: number, ascii: boolean): string {
  const left = questionsLeft(status);
  const tokens = status.tokens === null ? "" : counted(status.tokens, "token");
  const questions = left === null ? "" : counted(left, "question");
  const model = status.model ?? "";
  const cost = costs(status);
  const title = status.title ?? "";
  const { dot, ellipsis } = glyphs({ ascii });
  const between = ` ${dot} `;
  if (columns < NARROW) return fit([short(status), user(status), model, cost], columns - 1, between);
  const line = fit([user(status), tokens, questions, model, cost], columns - 1, between);
  const room = columns - 1 - width(line) - width(between);
  const named = title === "" || room < SHORTEST_TITLE ? "" : `${between}${truncate(title, room, ellipsis)}`;
  return line + named;
}

/** The price, unless it is the usual one, here and in general. */
function costs({ price, offered }: Status): string {
  const isUsual = price === null || (price === PRICE && price === (offered.price ?? PRICE));
  return isUsual ? "" : `${grouped(price)} a question`;
}

function user({ username, signedIn, server }: Status): string {
  if (!signedIn) return `${server} (not logged in)`;
  return username === null ? server : `${username}@${server}`;
}

function short(status: Status): string {
  const left = questionsLeft(status);
  if (status.tokens === null) return "";
  return left === null ? counted(status.tokens, "token") : `${grouped(status.tokens)} (${grouped(left)} q)`;
}

function fit(parts: string[], cells: number, between: string): string {
  let line = "";
  for (const part of parts.filter((part) => part !== "")) {
    const longer = line === "" ? part : line + between + part;
    if (width(longer) > cells) break;
    line = longer;
  }
  return line === "" ? (parts[0] ?? "").slice(0, Math.max(0, cells)) : line;
}
