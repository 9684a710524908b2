import { parseUrl } from "../../text/parse-url.ts";

/** What a link may begin with. A browser would drop control characters and read `https:x` as an address of this server. */
const TAKEN = /^(?:https?:\/\/|mailto:)/i;

/** The address of a link that may be followed: http, https or mailto, as a browser reads it. Undefined for any other. */
export function linkTarget(href: string): string | undefined {
  return TAKEN.test(href) ? parseUrl(href)?.href : undefined;
}

/** What looks like an address in the text of a link: a name with a dot, at the start of a word. */
const NAMED = /(?:^|[\s([{<«"'“‘„,;])(?:[a-z]+:\/\/)?((?:[\p{L}\d_-]+\.)+\p{L}{2,})/giu;

const bare = (name: string) => parseUrl(`http://${name}`)?.hostname.replace(/^www\./, "") ?? name;

/** The host to show beside a link whose text has another address; else undefined. */
export function hiddenHost(text: string, target: string): string | undefined {
  const { protocol, host, hostname } = new URL(target);
  if (protocol === "mailto:") return undefined;
  const isOther = (name: string) => bare(name) !== bare(hostname);
  return [...text.matchAll(NAMED)].some((match) => isOther(match[1]!)) ? host : undefined;
}
