import { parseUrl } from "../../text/parse-url.ts";
import { styles, type Display } from "./display.ts";
import { spanText, type Span } from "./span.ts";

const LINKABLE = /^(?:https?:\/\/|mailto:)[\x21-\x7e]+$/i;

/** The address of a link as a terminal takes it: only http, https and mailto, in ASCII. */
export function linkTarget(href: string): string | undefined {
  if (LINKABLE.test(href)) return href;
  const ascii = /^https?:\/\/\S+$/i.test(href) ? parseUrl(href)?.href : undefined;
  return ascii !== undefined && LINKABLE.test(ascii) ? ascii : undefined;
}

/**
 * A link: its text alone where the terminal shows links, else its text and its address, which is never broken. A text
 * that looks like an address must not hide another one.
 */
export function linkSpans(label: Span[], href: string, title: string, display: Display): Span[] {
  const shown = spanText(label);
  const target = linkTarget(href);
  const linked = target === undefined ? label : label.map((span) => ({ ...span, href: target }));
  const style = display.color ? styles.dim : styles.plain;
  const named = title === "" ? "" : `"${title}"`;
  if (shown === href || `mailto:${shown}` === href || href === "")
    return [...linked.map((span) => ({ ...span, whole: true })), ...beside(named, style)];
  if (display.links && target !== undefined && !/^\s*(?:https?:|www\.)/i.test(shown))
    return [...linked, ...beside(named, style)];
  const address: Span = { text: named === "" ? `(${href})` : `(${href}`, style, whole: true };
  if (target !== undefined) address.href = target;
  return [...linked, { text: " ", style: styles.plain }, address, ...beside(named && `${named})`, style)];
}

const beside = (text: string, style: string): Span[] => (text === "" ? [] : [{ text: ` ${text}`, style }]);
