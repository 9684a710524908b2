import { randomUUID } from "node:crypto";
import { headers } from "../../protocol/replies.ts";
import { parseUrl } from "../../text/parse-url.ts";
import { ApiError } from "../core/api-error.ts";
import type { ClientAddresses } from "./client-address.ts";
import type { Middleware } from "./context.ts";
import { headOf } from "./reply.ts";

/**
 * Turns a target in absolute form (RFC 9112 §3.2.2) into its path, and an invalid one into `**`, which no route has; `*` is
 * one of OPTIONS. Koa's own parser throws at some of them, and prints warnings about others.
 */
export const readTarget: Middleware = function readTarget(ctx, next) {
  const { url = "" } = ctx.req;
  if (!url.startsWith("/") && url !== "*") ctx.req.url = pathOf(url) ?? "**";
  return next();
};

function pathOf(url: string): string | undefined {
  const parsed = parseUrl(url);
  return parsed?.pathname.startsWith("/") ? parsed.pathname + parsed.search : undefined;
}

const REQUEST_ID = /^[A-Za-z0-9._-]{1,128}$/;

/**
 * Sets the request ID of the reply: the client's X-Request-Id if it is 1–128 of `A-Z a-z 0-9 . _ -`, else a new
 * one (docs/http-api.md#conventions).
 */
export const nameRequest: Middleware = function nameRequest(ctx, next) {
  const theirs = ctx.req.headers["x-request-id"];
  ctx.state.requestId = typeof theirs === "string" && REQUEST_ID.test(theirs) ? theirs : randomUUID();
  headOf(ctx.res).push(headers.requestId, ctx.state.requestId);
  return next();
};

/** Sets the client's address. Before anything is waited for: a connection that is gone no longer has one. */
export function findClient(addresses: ClientAddresses): Middleware {
  return function findClient(ctx, next) {
    ctx.state.address = addresses.of(ctx.req);
    return next();
  };
}

const refuse = (detail: string) => new ApiError("invalid_request", detail);

/** Node silently drops the second value of these, while a proxy may have used that one. */
const ONCE = new Set(["host", "authorization", "content-type"]);

/** The name of the first header of {@link ONCE} that occurs twice. */
function repeated(rawHeaders: string[]): string | undefined {
  const seen = new Set<string>();
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = (rawHeaders[at] ?? "").toLowerCase();
    if (!ONCE.has(name)) continue;
    if (seen.has(name)) return rawHeaders[at];
    seen.add(name);
  }
  return undefined;
}

/**
 * Refuses what Node would refuse with an empty reply: an HTTP/1.1 request without Host (RFC 9112 §3.2), and an unknown
 * Expect (RFC 9110 §10.1.1); HTTP/1.0 has neither header. Also refuses what Node would accept although it is ambiguous:
 * two hosts (RFC 9112 §3.2), two tokens, two media types.
 */
export const checkHead: Middleware = function checkHead(ctx, next) {
  const { httpVersion, headers: given, rawHeaders } = ctx.req;
  const twice = repeated(rawHeaders);
  if (twice !== undefined) throw refuse(`The header ${twice} came twice. Send it once.`);
  if (httpVersion === "1.1") {
    if (given.host === undefined) throw refuse("The header Host is missing. Send it with every request.");
    if (given.expect !== undefined && given.expect.toLowerCase() !== "100-continue") {
      throw refuse("The only Expect that this server knows is 100-continue. Send that, or none.");
    }
  }
  return next();
};
