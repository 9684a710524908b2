/** Where LaTeX begins and ends in Markdown (docs/session.md#formulas). */

/** A part of a text that is not read as Markdown. */
export interface Literal {
  kind: "code" | "formula";
  start: number;
  end: number;
}

/** A formula that is open at the end of a line. */
export interface OpenFormula {
  /** What ends it. */
  close: string;
  /** Nothing else was on its first line: a blank line does not end it. */
  alone: boolean;
}

const CLOSES: ReadonlyMap<string, string> = new Map([
  ["\\(", "\\)"],
  ["\\[", "\\]"],
  ["$$", "$$"],
]);
const closeOf = (open: string): string => CLOSES.get(open) ?? open.replace("begin", "end");

const OPEN = /(?<![$\\])\$\$(?!\$)|\\[([]|\\begin\{[A-Za-z]+\*?\}/y;
/** The next `$` ends it, or nothing does. */
const DOLLARS = /(?<![\w$\\])\$(?![\s$),.;:!?])(?:\\.|[^\\$`\n])+(?<![\s(])\$(?![\w$])/y;
/** Code, what may begin a formula, or an escaped character. */
const NEXT = /`+|\$+|\\begin\{[A-Za-z]+\*?\}|\\[^]/g;
const DISPLAY = /^ {0,3}(\$\$(?!\$)|\\\[|\\begin\{[A-Za-z]+\*?\})([ \t]*(?:\n|$))?/;
const AFTER_DISPLAY = /^[ \t]*[.,;:]?[ \t]*(?:\n|$)/;
const BLANK_LINE = /\n[ \t]*\n/;

/** Index after `close`, or -1. A backslash that is escaped itself begins no `\]`. */
function endOf(close: string, text: string, from: number): number {
  for (let at = text.indexOf(close, from); at !== -1; at = text.indexOf(close, at + 1)) {
    let slashes = 0;
    while (at - slashes > from && text[at - slashes - 1] === "\\") slashes += 1;
    if (slashes % 2 === 0) return at + close.length;
  }
  return -1;
}

/** Whether what is between two `$` can be an amount and its sentence: `5 in May or 10 US`. */
function canBeMoney(content: string): boolean {
  if (!/^[-+~]?[\d.,]/.test(content) || content.includes("\\")) return false;
  const words = content.match(/[a-z]{2,}/gi)?.length ?? 0;
  return /[_^{}]/.test(content) ? words > 1 : words > 0 || !/[=<>+*|]/.test(content);
}

/** Index after the formula that begins at `at`; undefined if none does. `before` is the character before `text`. */
export function formulaEnd(text: string, at: number, before = ""): number | undefined {
  if (text[at] !== "$" && text[at] !== "\\") return undefined;
  if (at === 0 && text[0] === "$" && /[\w$\\]/.test(before)) return undefined;
  OPEN.lastIndex = at;
  const open = OPEN.exec(text)?.[0];
  if (open === undefined) {
    DOLLARS.lastIndex = at;
    const dollars = DOLLARS.exec(text)?.[0];
    return dollars === undefined || canBeMoney(dollars.slice(1, -1)) ? undefined : at + dollars.length;
  }
  const close = closeOf(open);
  const end = endOf(close, text, at + open.length);
  const content = text.slice(at + open.length, end - close.length);
  const isNone = end === -1 || content.trim() === "" || (open === "$$" && content.includes("`"));
  return isNone ? undefined : end;
}

function codeEnd(text: string, start: number, ticks: string): number | undefined {
  const close = new RegExp(`(?<!\`)${ticks}(?!\`)`, "g");
  close.lastIndex = start + ticks.length;
  return close.test(text) ? close.lastIndex : undefined;
}

/** Code spans and closed formulas of a text, in order, and the first formula that is not closed. */
export function literals(text: string): { found: Literal[]; open: string | undefined } {
  const found: Literal[] = [];
  let open: string | undefined;
  const hopeless = new Set<string>();
  const next = new RegExp(NEXT);
  for (let match = next.exec(text); match !== null; match = next.exec(text)) {
    const [mark] = match;
    if (hopeless.has(mark)) continue;
    const kind = mark.startsWith("`") ? "code" : "formula";
    const end = kind === "code" ? codeEnd(text, match.index, mark) : formulaEnd(text, match.index);
    if (end !== undefined) {
      found.push({ kind, start: match.index, end });
      next.lastIndex = end;
    } else if (kind === "code") hopeless.add(mark);
    else if (CLOSES.has(mark) || mark.startsWith("\\begin")) {
      if (endOf(closeOf(mark), text, next.lastIndex) === -1) hopeless.add(mark);
      open ??= mark;
    }
  }
  return { found, open };
}

/**
 * Where a paragraph ends whose text up to `end` is known: behind each formula that is open there, with the rest of its last
 * line. A formula without an end, or with a blank line or code in it, changes nothing.
 */
export function endWithFormulas(source: string, end: number): number {
  if (!/\$\$|\\[([b]/.test(source.slice(0, end))) return end;
  const { open } = literals(source.slice(0, end));
  const close = open === undefined ? -1 : endOf(closeOf(open), source, end);
  if (close === -1 || /\n[ \t]*(?:\n|```)/.test(source.slice(end, close))) return end;
  const lineEnd = source.indexOf("\n", close);
  return lineEnd === -1 ? source.length : endWithFormulas(source, lineEnd);
}

/** The formula that is open after a line; `before` is the one that was open before it. */
export function openFormula(line: string, before?: OpenFormula): OpenFormula | undefined {
  const from = before === undefined ? 0 : endOf(before.close, line, 0);
  if (from === -1) return before;
  const rest = line.slice(from);
  const open = /[$\\]/.test(rest) ? literals(rest).open : undefined;
  if (open === undefined) return undefined;
  return { close: closeOf(open), alone: from === 0 && open !== "\\(" && rest.trim() === open };
}

/** Whether a line begins a display, and with it a block. */
export function startsDisplay(line: string): boolean {
  return DISPLAY.test(line) && (displayFormula(line) === line || openFormula(line) !== undefined);
}

/** The display that begins at the start of `source` and ends with a line; its line end is not part of it. */
export function displayFormula(source: string): string | undefined {
  const match = DISPLAY.exec(source);
  if (match === null) return undefined;
  const [front, open = "", lineEnd] = match;
  const end = endOf(closeOf(open), source, front.length);
  // What was cut off before its end is still no Markdown.
  if (end === -1) return lineEnd === undefined ? undefined : source.split(BLANK_LINE, 1)[0];
  const after = AFTER_DISPLAY.exec(source.slice(end));
  if (after === null || (lineEnd === undefined && BLANK_LINE.test(source.slice(0, end)))) return undefined;
  return source.slice(0, end + after[0].length).replace(/\n$/, "");
}
