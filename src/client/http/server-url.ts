import { parseUrl } from "../../text/parse-url.ts";
import { ClientError } from "../failure.ts";

const refuse = (why: string) => new ClientError("usage", why, { remedy: { kind: "name_server" } });

/**
 * Whether a host, as `URL` writes it, is this machine. `URL` writes every IPv4 address in four numbers;
 * `127.0.0.1.example.org` is another machine.
 */
export const isLoopback = (hostname: string) =>
  hostname === "localhost" || /^127(\.\d+){3}$/.test(hostname) || hostname === "[::1]";

function parse(text: string): URL {
  const url = parseUrl(text);
  if (url === undefined) throw refuse("This is not the address of a server.");
  return url;
}

/** The scheme that was typed, if any. `localhost:8000` has none, though `new URL` takes `localhost:` for one. */
const typedScheme = (text: string) => /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1]?.toLowerCase();

function withScheme(text: string): URL {
  const scheme = typedScheme(text);
  if (scheme === "http" || scheme === "https") return parse(text);
  if (scheme !== undefined || /^https?:/i.test(text) || text.startsWith("/"))
    throw refuse("A server's address begins with http:// or https://, or with its name.");
  const plain = parse(`http://${text}`);
  return isLoopback(plain.hostname) ? plain : parse(`https://${text}`);
}

/**
 * A server as docs/cli.md#servers writes it: scheme and host in lower case, default port dropped, path as typed
 * without its last slash. Without a scheme: http for loopback, else https. Normalising twice changes nothing. Throws
 * `ClientError("usage")` for other schemes, user info, a query or a fragment; its message never quotes the text, which
 * may hold a password. Callers check for the word `local` first.
 */
export function normalizeServer(text: string): string {
  const typed = text.trim();
  if (typed === "") throw refuse("The server's address is empty.");
  if (/[\s\\\0-\x1f\x7f]/.test(typed)) throw refuse("A server's address has no spaces and no backslashes.");
  if (/[?#]/.test(typed)) throw refuse("A server's address has no query and no fragment.");
  // An option whose place is after the address.
  if (typed.startsWith("-")) throw refuse("A server's address does not begin with a dash.");
  if (/^\d+$/.test(typed)) throw refuse("A server's address is more than a number.");
  const url = withScheme(typed);
  if (url.username !== "" || url.password !== "")
    throw refuse("A server's address has no user name and no password.");
  return `${url.protocol}//${url.host}${url.pathname.replace(/\/+$/, "")}`;
}

/** The address of one call. The documented paths end with a slash; `path` is given without (`protocol/routes.ts`). */
export function endpoint(server: string, path: string): string {
  return `${server}${path}/`;
}
