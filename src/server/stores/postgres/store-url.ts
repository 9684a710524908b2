import { parseUrl } from "../../../text/parse-url.ts";
/** Scheme, user info with its `@`, host and port, and the rest of a URL. */
const PARTS = /^(postgres(?:ql)?:)\/\/([^/?#]*@)?([^/?#]*)(.*)$/is;

/**
 * The URL of a store; undefined if it is none. Without a host it may still have a user (`postgres://jane@/chat?host=/tmp`),
 * as libpq takes it and `URL` does not: they are put into the query, where pg reads them too.
 */
export function storeUrl(text: string): URL | undefined {
  const [, scheme = "", userInfo = "", host = "", rest = ""] = PARTS.exec(text) ?? [];
  if (scheme === "" || host !== "" || userInfo === "") return urlOf(text);
  const url = urlOf(`${scheme}//${rest}`);
  // Its host is only there to be parsed.
  const named = urlOf(`${scheme}//${userInfo}x`);
  if (!url || !named) return undefined;
  const { username: user, password } = named;
  for (const [name, value] of Object.entries({ user, password }))
    // In a query, a plus is a space.
    if (value !== "" && !url.searchParams.has(name)) url.search += `&${name}=${value.replaceAll("+", "%2B")}`;
  return url;
}

/** Whether it names several hosts, as libpq takes them. */
export const hasSeveralHosts = (text: string): boolean =>
  PARTS.exec(text)?.[3]?.includes(",") === true ||
  storeUrl(text)?.searchParams.get("host")?.includes(",") === true;

const urlOf = (text: string): URL | undefined => (/^postgres(ql)?:/i.test(text) ? parseUrl(text) : undefined);
