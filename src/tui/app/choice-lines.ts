import { truncate } from "../markdown/hard-wrap.ts";
import { glyphs, paint, styles, type Display } from "../markdown/display.ts";
import { lineText } from "../line-text.ts";
import { width } from "../terminal/width.ts";
import { chosenLine } from "./chosen-line.ts";
import type { Choice } from "../../session/finding.ts";

/** From this width on, a conversation takes one line: title, age and turns, first words. */
const WIDE = 60;
/** Largest part of a wide screen for titles. */
const TITLE_SHARE = 0.45;

/** Lines of one conversation. */
export function choiceHeight({ columns }: Pick<Display, "columns">): number {
  return columns < WIDE ? 2 : 1;
}

/** Most rows for a list of choices. */
export const MOST_CHOICE_ROWS = 12;

/**
 * Which of so many choices fit into `rows`: from `first` on, `many` or fewer, the chosen one among them. `top` is the first
 * one that was shown before.
 */
export function shownChoices(
  count: number,
  { index, top }: { index: number; top: number },
  rows: number,
  display: Pick<Display, "columns">,
): { first: number; many: number } {
  const many = Math.max(1, Math.floor(rows / choiceHeight(display)));
  const first = Math.min(Math.max(top, index - many + 1), index);
  return { first: Math.max(0, Math.min(first, count - many)), many };
}

/** The conversations that fit into `rows`, including the chosen one. No line is wider than the screen. */
export function choiceLines(
  choices: readonly Choice[],
  index: number,
  rows: number,
  display: Display,
  top = 0,
): string[] {
  const height = choiceHeight(display);
  const { first, many } = shownChoices(choices.length, { index, top }, rows, display);
  const shown = choices
    .slice(first, first + many)
    .map((choice) => ({ ...choice, detail: lineText(choice.detail, display) }));
  const lines = height === 1 ? wide(shown, display) : narrow(shown, display);
  const longest = Math.max(0, ...lines.flat().map(({ title, rest }) => width(title + rest)));
  return lines
    .flatMap((one, i) =>
      one.map(({ title, rest }, line) => {
        if (first + i === index && line === 0) return chosenLine(title + rest, longest, display);
        return `  ${title}${paint(rest, styles.dim, display)}`;
      }),
    )
    .slice(0, rows);
}

type Shown = Choice & { detail: string };

interface Line {
  title: string;
  rest: string;
}

function wide(choices: readonly Shown[], display: Display): Line[][] {
  const { ellipsis } = glyphs(display);
  const titles = choices.map(({ title }) =>
    truncate(title, Math.floor(display.columns * TITLE_SHARE), ellipsis),
  );
  const widest = Math.max(0, ...titles.map(width));
  const longest = Math.max(0, ...choices.map(({ detail }) => width(detail)));
  const room = display.columns - 1 - (2 + widest + 2 + longest + 2);
  return choices.map(({ detail, words, focus }, i) => {
    const title = titles[i] ?? "";
    const pad = " ".repeat(widest - width(title) + 2);
    const behind =
      words === "" || room < 8
        ? ""
        : `${" ".repeat(longest - width(detail) + 2)}${truncate(from(words, focus, room, ellipsis), room, ellipsis)}`;
    return [{ title, rest: `${pad}${detail}${behind}` }];
  });
}

/** Two lines each: the title, then age, turns and first words. */
function narrow(choices: readonly Shown[], display: Display): Line[][] {
  const room = Math.max(1, display.columns - 3);
  const { dot, ellipsis } = glyphs(display);
  return choices.map(({ title, detail, words, focus }) => {
    const left = room - width(detail) - 3;
    const below = words === "" ? detail : `${detail} ${dot} ${from(words, focus, left, ellipsis)}`;
    return [
      { title: truncate(title, room, ellipsis), rest: "" },
      { title: "", rest: truncate(below, room, ellipsis) },
    ];
  });
}

/** The words; if the match at `focus` would be cut off, they start shortly before it. */
function from(words: string, focus: number | undefined, cells: number, ellipsis: string): string {
  if (focus === undefined || width(words) <= cells || width(words.slice(0, focus)) < cells / 2) return words;
  const before = words.slice(Math.max(0, focus - Math.max(0, Math.floor(cells / 3))), focus);
  const whole = before.slice(before.indexOf(" ") + 1).replace(/^[\udc00-\udfff]/, "");
  return `${ellipsis}${whole}${words.slice(focus)}`;
}
