import { parseUrl } from "../../text/parse-url.ts";
import { ClientError } from "../failure.ts";

/** Whether a reply of this status is a redirect that is followed. */
export const isRedirect = (status: number) => [301, 302, 303, 307, 308].includes(status);

/** The target of a redirect, without user info; `undefined` if it is no http address. */
function target(location: string | undefined, from: string): URL | undefined {
  const url = location === undefined ? undefined : parseUrl(location, from);
  if (url === undefined) return undefined;
  url.username = "";
  url.password = "";
  return url.protocol === "http:" || url.protocol === "https:" ? url : undefined;
}

/**
 * The server to use instead, when a call of `path` was redirected to `url`. People type it into a shell, so a path with
 * characters that mean something there is left out.
 */
function movedServer(url: URL, path: string): string {
  const call = new RegExp(`${path}/*$`);
  const base = url.pathname.replace(call, "").replace(/\/+$/, "");
  return `${url.origin}${/^[\w./~%-]*$/.test(base) ? base : ""}`.slice(0, 300);
}

/** A redirect. */
interface Redirect {
  /** Its `Location`. */
  location: string | undefined;
  /** The address that was requested. */
  from: string;
  /** The server of the call, and the path of the call. */
  server: string;
  path: string;
  /** How many more may be followed. */
  left: number;
}

/**
 * The address to request instead, at the same scheme, host and port (docs/cli.md#redirects). Throws `unreachable` for
 * another server and for a loop, `bad_reply` for an invalid address.
 */
export function followed({ location, from, server, path, left }: Redirect): string {
  const to = target(location, from);
  if (!to)
    throw new ClientError("bad_reply", `${server} redirects to an invalid address.`, {
      remedy: { kind: "check_address" },
    });
  if (to.origin !== new URL(server).origin) {
    const moved = movedServer(to, path);
    throw new ClientError("unreachable", `The server moved to ${moved}`, {
      remedy: { kind: "use_server", server: moved },
    });
  }
  if (left === 0)
    throw new ClientError("unreachable", `${server} redirects in a loop.`, {
      remedy: { kind: "check_address" },
    });
  return to.href;
}
