/** What a link may begin with. A browser would drop control characters and read `https:x` as an address of this server. */
const TAKEN = /^(?:https?:\/\/|mailto:)/i;

/** The address of a link that may be followed: http, https or mailto, as a browser reads it. Undefined for any other. */
export function linkTarget(href: string): string | undefined {
  return TAKEN.test(href) && URL.canParse(href) ? new URL(href).href : undefined;
}

/** The host to show beside a link whose text looks like another address; else undefined. */
export function hiddenHost(text: string, target: string): string | undefined {
  const { protocol, host, hostname } = new URL(target);
  const named = /^(?:[a-z]+:\/\/)?((?:[\w-]+\.)+[a-z]{2,})(?:[/:?#]|$)/i.exec(text.trim())?.[1];
  if (named === undefined || protocol === "mailto:") return undefined;
  const bare = (name: string) => name.toLowerCase().replace(/^www\./, "");
  return bare(named) === bare(hostname) ? undefined : host;
}
