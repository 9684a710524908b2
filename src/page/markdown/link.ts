const TAKEN = new Set(["http:", "https:", "mailto:"]);

/**
 * The address of a link that may be followed: absolute, http, https or mailto, as the browser itself reads it. Undefined
 * for any other.
 */
export function linkTarget(href: string): string | undefined {
  if (!URL.canParse(href)) return undefined;
  const { protocol, href: address } = new URL(href);
  // A browser drops spaces and control characters: what is written must begin with the scheme as well.
  if (!TAKEN.has(protocol)) return undefined;
  return href.toLowerCase().startsWith(protocol) ? address : undefined;
}

/** The host to show beside a link whose text looks like another address; else undefined. */
export function hiddenHost(text: string, target: string): string | undefined {
  const { protocol, host, hostname } = new URL(target);
  const named = /^(?:[a-z]+:\/\/)?((?:[\w-]+\.)+[a-z]{2,})(?:[/:?#]|$)/i.exec(text.trim())?.[1];
  if (named === undefined || protocol === "mailto:") return undefined;
  const bare = (name: string) => name.toLowerCase().replace(/^www\./, "");
  return bare(named) === bare(hostname) ? undefined : host;
}
