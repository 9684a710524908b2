import { ClientError } from "../failure.ts";

/** Whether a reply of this status sends its caller on. */
export const isRedirect = (status: number) => [301, 302, 303, 307, 308].includes(status);

/** The address that a redirect points at, without user info; `undefined` where it isn't one. */
function target(location: string | undefined, from: string): URL | undefined {
  if (location === undefined || !URL.canParse(location, from)) return undefined;
  const url = new URL(location, from);
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

/** A reply that sends its caller on. */
interface Redirect {
  /** Its `Location`. */
  location: string | undefined;
  /** The address that was asked. */
  from: string;
  /** The server that was meant, and the call's path behind it. */
  server: string;
  path: string;
  /** How many may be followed still. */
  left: number;
}

/**
 * The address to ask instead: only at the same scheme, host and port (CLI.md §3). Throws `unreachable` for another one
 * and for a circle, `bad_reply` where it leads nowhere.
 */
export function followed({ location, from, server, path, left }: Redirect): string {
  const to = target(location, from);
  if (!to)
    throw new ClientError("bad_reply", `${server} redirects to nowhere.`, {
      remedy: { kind: "check_address" },
    });
  if (to.origin !== new URL(server).origin) {
    const moved = movedServer(to, path);
    throw new ClientError("unreachable", `The server moved to ${moved}`, {
      remedy: { kind: "use_server", server: moved },
    });
  }
  if (left === 0)
    throw new ClientError("unreachable", `${server} redirects in circles.`, {
      remedy: { kind: "check_address" },
    });
  return to.href;
}
