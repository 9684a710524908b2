import type { MarkedToken, Token, Tokens } from "marked";
import { decodeEntities } from "../../text/entities.ts";
import { lex, type References } from "./lex.ts";
import { hiddenHost, linkTarget } from "./link.ts";

/** Elements that an answer can have. None of them loads or runs anything. */
export type Tag =
  | "a"
  | "blockquote"
  | "br"
  | "code"
  | "del"
  | "em"
  | "h3"
  | "h4"
  | "h5"
  | "h6"
  | "hr"
  | "li"
  | "ol"
  | "p"
  | "strong"
  | "table"
  | "tbody"
  | "td"
  | "th"
  | "thead"
  | "tr"
  | "ul";

/** A part of an answer: text, an element, or a block of code. */
export type Part = string | PartElement | { code: string; language: string };

export interface PartElement {
  tag: Tag;
  attributes?: Readonly<
    Partial<Record<"href" | "rel" | "target" | "start" | "class" | "data-align" | "scope", string>>
  >;
  parts: readonly Part[];
}

const element = (tag: Tag, parts: readonly Part[], attributes?: PartElement["attributes"]): PartElement => ({
  tag,
  parts,
  ...(attributes && { attributes }),
});

const plain = (text: string) => element("p", [text], { class: "plain" });

/** What an answer's Markdown is on the page. Raw HTML is text, and an image is a link. */
export function partsOf(source: string, references: References): Part[] {
  try {
    return blocks(lex(source, references));
  } catch (error) {
    // Nested too deeply for the stack.
    if (error instanceof RangeError) return [plain(source)];
    throw error;
  }
}

const blocks = (tokens: readonly Token[]): Part[] => tokens.flatMap((token) => block(token as MarkedToken));

function block(token: MarkedToken): Part[] {
  switch (token.type) {
    case "heading": {
      // The page has the levels 1 and 2.
      const tag = `h${Math.min(6, token.depth + 2)}` as "h3" | "h4" | "h5" | "h6";
      return [element(tag, inline(token.tokens))];
    }
    case "paragraph":
      return [element("p", inline(token.tokens))];
    case "code":
      return [{ code: token.text, language: /^[^\s{]*/.exec(token.lang ?? "")?.[0] ?? "" }];
    case "blockquote":
      return [element("blockquote", blocks(token.tokens))];
    case "list":
      return [list(token)];
    case "table":
      return [table(token)];
    case "hr":
      return [element("hr", [])];
    case "html":
    case "def":
      return [plain(token.raw.trimEnd())];
    case "text":
      return token.tokens ? inline(token.tokens) : [decodeEntities(token.raw)];
    case "space":
      return [];
    case "list_item":
      return blocks(token.tokens);
    case "br":
    case "checkbox":
    case "codespan":
    case "del":
    case "em":
    case "escape":
    case "image":
    case "link":
    case "strong":
      return inline([token]);
  }
}

function list({ ordered, start, items }: Tokens.List): PartElement {
  const parts = items.map(({ tokens }) => element("li", blocks(tokens)));
  if (!ordered) return element("ul", parts);
  return element("ol", parts, start === 1 || start === "" ? undefined : { start: String(start) });
}

function table({ header, rows }: Tokens.Table): PartElement {
  const cells = (tag: "th" | "td", row: readonly Tokens.TableCell[]) =>
    element(
      "tr",
      row.map(({ tokens, align }) =>
        element(tag, inline(tokens), {
          ...(tag === "th" && { scope: "col" }),
          ...(align !== null && { "data-align": align }),
        }),
      ),
    );
  const head = element("thead", [cells("th", header)]);
  if (rows.length === 0) return element("table", [head]);
  const body = element(
    "tbody",
    rows.map((row) => cells("td", row)),
  );
  return element("table", [head, body]);
}

const inline = (tokens: readonly Token[]): Part[] => tokens.flatMap((token) => span(token as MarkedToken));

function span(token: MarkedToken): Part[] {
  switch (token.type) {
    case "strong":
    case "em":
    case "del":
      return [element(token.type, inline(token.tokens))];
    case "codespan":
      return [element("code", [token.text])];
    case "br":
      return [element("br", [])];
    case "link":
      return link(inline(token.tokens), token.href);
    case "image":
      return link([`Image: ${decodeEntities(token.text) || "without a description"}`], token.href);
    case "html":
      return [/^<br\s*\/?>$/i.test(token.raw) ? element("br", []) : token.raw];
    case "escape":
      return [token.text];
    case "text":
      return token.tokens ? inline(token.tokens) : [decodeEntities(token.raw)];
    case "checkbox":
      return [token.checked ? "☑ " : "☐ "];
    case "blockquote":
    case "code":
    case "def":
    case "heading":
    case "hr":
    case "list":
    case "list_item":
    case "paragraph":
    case "space":
    case "table":
      return [token.raw];
  }
}

/** The link, or its text alone if it leads where no answer may lead. */
function link(parts: Part[], href: string): Part[] {
  const target = linkTarget(decodeEntities(href));
  if (target === undefined) return parts;
  const host = hiddenHost(textOf(parts), target);
  const anchor = element("a", parts.length === 0 ? [target] : parts, {
    href: target,
    rel: "noopener noreferrer",
    target: "_blank",
  });
  return host === undefined ? [anchor] : [anchor, ` (${host})`];
}

/** The text of some parts, as a person hears it. */
export function textOf(parts: readonly Part[]): string {
  return parts
    .map((part) => (typeof part === "string" ? part : "code" in part ? part.code : textOf(part.parts)))
    .join("");
}
