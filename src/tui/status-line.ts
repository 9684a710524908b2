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
  /** The user's instructions for every answer. */
  role?: { name: string } | undefined;
  /** Of the conversation. */
  title: string | null;
  /** How much of what the model takes the conversation fills, in per cent, once it is much. */
  context?: number | undefined;
}

interface Part {
  text: string;
  /** The part with the lowest number is left out first. */
  goes: number;
  /** It is truncated before it is left out. */
  shrinks?: boolean;
}

/** Fewest cells of a part that shrinks. */
const SHORTEST = 8;

/**
 * `trip to Rome · gpt-4o-mini · 39 questions left · jane@chat.school.org`, at most `columns` − 1 wide. What does not fit is
 * left out: first user and server, last what is left. The title is truncated before.
 */
export function statusLine(status: Status, columns: number, ascii: boolean): string {
  const { dot, ellipsis } = glyphs({ ascii });
  const between = ` ${dot} `;
  const lineOf = (parts: readonly Part[]) => parts.map(({ text }) => text).join(between);
  const cells = Math.max(0, columns - 1);
  let parts = partsOf(status).filter(({ text }) => text !== "");
  for (;;) {
    const line = lineOf(parts);
    const over = width(line) - cells;
    if (over <= 0) return line;
    const [first, ...more] = parts.toSorted((one, other) => one.goes - other.goes);
    if (first === undefined || more.length === 0) return line.slice(0, cells);
    const room = width(first.text) - over;
    const text = first.shrinks && room >= SHORTEST ? truncate(first.text, room, ellipsis) : "";
    parts = parts.flatMap((part) => (part !== first ? [part] : text === "" ? [] : [{ ...part, text }]));
  }
}

/** In the order in which they are shown. */
function partsOf(status: Status): Part[] {
  return [
    { text: status.title ?? "", goes: 2, shrinks: true },
    { text: roleWords(status), goes: 4, shrinks: true },
    { text: status.model ?? "", goes: 6 },
    { text: costs(status), goes: 3 },
    { text: left(status), goes: 7 },
    { text: status.context === undefined ? "" : `context ${status.context} %`, goes: 5 },
    { text: user(status), goes: status.signedIn ? 1 : 8 },
  ];
}

/** `jane@local · 4,000 tokens · 40 questions`: the account in line mode, which has no status line. */
export function accountLine(status: Status, ascii: boolean): string {
  const { tokens, model } = status;
  const questions = questionsLeft(status);
  const parts = [
    user(status),
    tokens === null ? "" : counted(tokens, "token"),
    questions === null ? "" : counted(questions, "question"),
    model ?? "",
    roleWords(status),
    costs(status),
  ];
  return parts.filter((part) => part !== "").join(` ${glyphs({ ascii }).dot} `);
}

/** The role, if the conversation has one; also in the opening lines. */
export const roleWords = ({ role }: Pick<Status, "role">): string =>
  role === undefined ? "" : `as ${role.name}`;

/** The price, unless it is the usual one, here and in general. */
function costs({ price, offered }: Status): string {
  const isUsual = price === null || (price === PRICE && price === (offered.price ?? PRICE));
  return isUsual ? "" : `${grouped(price)} a question`;
}

function user({ username, signedIn, server }: Status): string {
  if (!signedIn) return `${server} (not logged in)`;
  return username === null ? server : `${username}@${server}`;
}

function left(status: Status): string {
  const questions = questionsLeft(status);
  if (questions !== null) return `${counted(questions, "question")} left`;
  return status.tokens === null ? "" : `${counted(status.tokens, "token")} left`;
}
