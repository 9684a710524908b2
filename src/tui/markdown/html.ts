import { styles, type Style } from "./display.ts";
import { decodeEntities } from "../../text/entities.ts";
import type { AnyToken } from "./lex.ts";

/** An element of HTML that is drawn: in a style, or as small letters. */
export interface HtmlElement {
  name: string;
  style: Style;
  inside: AnyToken[];
  /** The index of its end tag. */
  end: number;
}

const STYLES: ReadonlyMap<string, Style> = new Map<string, Style>([
  ["b", styles.bold],
  ["strong", styles.bold],
  ["summary", styles.bold],
  ["i", styles.italic],
  ["em", styles.italic],
  ["u", styles.underline],
  ["ins", styles.underline],
  ["s", styles.strike],
  ["del", styles.strike],
  ["code", styles.code],
  ["kbd", styles.code],
  ["samp", styles.code],
  ["sub", styles.plain],
  ["sup", styles.plain],
]);

const TAG = /^<(\/?)([a-z][a-z0-9]*)(?:\s[^<>]*)?>$/i;
const TAGS = /(<\/?[a-z][a-z0-9]*(?:\s[^<>]*)?>)/gi;
const COMMENT = /<!--[^]*?-->/g;
/** The title of a group, with more behind it on its line. */
const TITLE_END = /<\/summary>(?=.*\S)/gi;
/** Elements that only group others. */
const GROUPS = /<\/?details(?:\s[^<>]*)?>/gi;

/** A line break. */
export const isBreak = (tag: string): boolean => /^<br\s*\/?>$/i.test(tag);
/** A comment with its end. */
export const isComment = (html: string): boolean => html.startsWith("<!--") && html.endsWith("-->");

/** The element that begins with a tag; undefined: the tag is text, because it is unknown or has no end. */
export function element(tokens: readonly AnyToken[], at: number): HtmlElement | undefined {
  const { name, isEnd } = tagOf(tokens[at]);
  const style = STYLES.get(name);
  if (style === undefined || isEnd) return undefined;
  let depth = 0;
  for (let end = at; end < tokens.length; end += 1) {
    const tag = tagOf(tokens[end]);
    if (tag.name !== name) continue;
    depth += tag.isEnd ? -1 : 1;
    if (depth === 0) return { name, style, inside: tokens.slice(at + 1, end), end };
  }
  return undefined;
}

function tagOf(token: AnyToken | undefined): { name: string; isEnd: boolean } {
  const [, slash, name = ""] = (token?.type === "html" && TAG.exec(token.text)) || [];
  return { name: name.toLowerCase(), isEnd: slash === "/" };
}

/** The tokens of a block of HTML without comments and groups; undefined if it has nothing that is drawn otherwise. */
export function blockTokens(html: string): AnyToken[] | undefined {
  const text = html.replaceAll(COMMENT, "").replaceAll(GROUPS, "").replaceAll(TITLE_END, "$&\n");
  const parts = text.split(TAGS).filter((part) => part !== "");
  const isDrawn = parts.some((part) => isBreak(part) || STYLES.has(TAG.exec(part)?.[2]?.toLowerCase() ?? ""));
  if (text === html && !isDrawn) return undefined;
  return text
    .split("\n")
    .filter((line) => line.trim() !== "")
    .join("\n")
    .split(TAGS)
    .filter((part) => part !== "")
    .map((part) =>
      TAG.test(part)
        ? { type: "html", raw: part, text: part, block: false, pre: false }
        : { type: "text", raw: part, text: decodeEntities(part), escaped: false },
    );
}

const SMALL = {
  sup: ["0123456789+-=()ni", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿⁱ"],
  sub: ["0123456789+-=()", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎"],
} as const;

/** Raised or lowered text: `x²`; where there are no such characters, `x^n` and `x^(n+1)`. */
export function smallText(look: "sub" | "sup", text: string, ascii: boolean): string {
  const [plain, small] = SMALL[look];
  if (text === "") return "";
  const places = Array.from(text, (char) => plain.indexOf(char));
  if (!ascii && !places.includes(-1)) return places.map((place) => small[place]).join("");
  const mark = look === "sup" ? "^" : "_";
  return /^\w+$/.test(text) ? mark + text : `${mark}(${text})`;
}
